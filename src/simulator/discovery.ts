import type {World} from './state.ts'
import type {Answer} from './wire.ts'

/** GET /.well-known/jwks.json and /.well-known/openid-configuration; undefined for anything else. */
export function discovery(world: World, method: string, path: string): Answer | undefined {
  if (method !== 'GET') return undefined
  if (path === '/.well-known/jwks.json') return {status: 200, body: {keys: [world.key.jwk]}}
  if (path !== '/.well-known/openid-configuration') return undefined
  const at = (rest: string) => `${world.origin}/${rest}`
  return {
    status: 200,
    body: {
      issuer: world.issuer,
      authorization_endpoint: at('authorize'),
      token_endpoint: at('oauth/token'),
      device_authorization_endpoint: at('oauth/device/code'),
      userinfo_endpoint: at('userinfo'),
      jwks_uri: at('.well-known/jwks.json'),
      registration_endpoint: at('oidc/register'),
      revocation_endpoint: at('oauth/revoke'),
      scopes_supported: ['openid', 'profile', 'offline_access', 'email'],
      response_types_supported: ['code', 'token', 'id_token', 'code token', 'code id_token', 'token id_token'],
      response_modes_supported: ['query', 'fragment', 'form_post'],
      subject_types_supported: ['public'],
      token_endpoint_auth_methods_supported: ['client_secret_basic', 'client_secret_post', 'private_key_jwt', 'none'],
      token_endpoint_auth_signing_alg_values_supported: ['RS256', 'RS384', 'PS256'],
      id_token_signing_alg_values_supported: ['HS256', 'RS256', 'PS256'],
      claims_supported: ['aud', 'exp', 'iat', 'iss', 'sub'],
      code_challenge_methods_supported: ['S256', 'plain'],
    },
  }
}
