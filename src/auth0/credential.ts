import type {AssertionAlgorithm} from '../tokens/assertion.ts'
import type {Secret} from '../secret.ts'

/** How the responder's own machine client proves who it is, or the token somebody made by hand. */
export type Credential =
  | {readonly kind: 'secret'; readonly client_id: string; readonly secret: Secret; readonly method: 'post' | 'basic'}
  | {
      readonly kind: 'private_key'
      readonly client_id: string
      readonly private_key_pem: Secret
      readonly alg?: AssertionAlgorithm
      readonly kid?: string
    }
  | {readonly kind: 'token'; readonly token: Secret}
