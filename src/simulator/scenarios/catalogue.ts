import {StanchError} from '../../errors.ts'
import {clientSecret} from './client-secret.ts'
import {managementToken} from './management-token.ts'
import {missingScope} from './missing-scope.ts'
import {privateKey} from './private-key.ts'
import type {Scenario} from './scenario.ts'
import {thirdPartyDefault} from './third-party-default.ts'
import {TOLD} from './told.ts'
import {userGrant} from './user-grant.ts'

export const SCENARIOS: readonly Scenario[] = [
  clientSecret,
  managementToken,
  userGrant,
  thirdPartyDefault,
  privateKey,
  missingScope,
  ...TOLD,
]

/** @throws {StanchError} `usage.invalid` for a name that is not in the catalogue */
export function scenario(name: string): Scenario {
  const found = SCENARIOS.find((one) => one.name === name)
  if (!found) {
    throw new StanchError('usage.invalid', `There is no practice scenario "${name}".`, {
      hint: `One of: ${SCENARIOS.map((one) => one.name).join(', ')}.`,
    })
  }
  return found
}
