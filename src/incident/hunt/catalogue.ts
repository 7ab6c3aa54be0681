import {tokensIssued} from './hunts/h01-tokens-issued.ts'
import {requestsRefused} from './hunts/h02-requests-refused.ts'
import {tripwire} from './hunts/h03-tripwire.ts'
import {otherFlows} from './hunts/h04-other-flows.ts'
import {changes} from './hunts/h05-changes.ts'
import {secretsRead} from './hunts/h06-secrets-read.ts'
import {explorerToken} from './hunts/h07-explorer-token.ts'
import {grantsGiven} from './hunts/h08-grants-given.ts'
import {clientsPlanted} from './hunts/h09-clients-planted.ts'
import {credentialsChanged} from './hunts/h10-credentials-changed.ts'
import {clientsWeakened} from './hunts/h11-clients-weakened.ts'
import {broadRights} from './hunts/h12-broad-rights.ts'
import {adminTakeover} from './hunts/h13-admin-takeover.ts'
import {mfaWeakened} from './hunts/h14-mfa-weakened.ts'
import {attackProtectionOff} from './hunts/h15-attack-protection-off.ts'
import {allowList} from './hunts/h16-allow-list.ts'
import {codePlanted} from './hunts/h17-code-planted.ts'
import {logsBlinded} from './hunts/h18-logs-blinded.ts'
import {rogueIdentityProvider} from './hunts/h19-rogue-identity-provider.ts'
import {pagesPoisoned} from './hunts/h20-pages-poisoned.ts'
import {keysTouched} from './hunts/h21-keys-touched.ts'
import {bulkExport} from './hunts/h22-bulk-export.ts'
import {usersChanged} from './hunts/h23-users-changed.ts'
import {refreshTokensStolen} from './hunts/h24-refresh-tokens-stolen.ts'
import {sameTool} from './hunts/h25-same-tool.ts'
import {sameAddress} from './hunts/h26-same-address.ts'
import {guardAvoided} from './hunts/h27-guard-avoided.ts'
import {probing} from './hunts/h28-probing.ts'
import {fence} from './hunts/h29-fence.ts'
import {organizationMembers} from './hunts/h30-organization-members.ts'
import {ourOwn} from './hunts/h31-our-own.ts'
import type {Hunt} from './hunt.ts'

/** Every question, in the order of its number. */
export const HUNTS: readonly Hunt[] = [
  tokensIssued,
  requestsRefused,
  tripwire,
  otherFlows,
  changes,
  secretsRead,
  explorerToken,
  grantsGiven,
  clientsPlanted,
  credentialsChanged,
  clientsWeakened,
  broadRights,
  adminTakeover,
  mfaWeakened,
  attackProtectionOff,
  allowList,
  codePlanted,
  logsBlinded,
  rogueIdentityProvider,
  pagesPoisoned,
  keysTouched,
  bulkExport,
  usersChanged,
  refreshTokensStolen,
  sameTool,
  sameAddress,
  guardAvoided,
  probing,
  fence,
  organizationMembers,
  ourOwn,
]
