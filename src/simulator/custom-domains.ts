import {page} from './paging.ts'
import type {World} from './state.ts'
import type {Answer, Call} from './wire.ts'

/** GET custom-domains. The embedded tenant has none unless somebody put one into its world. */
export function listCustomDomains(world: World, call: Call): Answer {
  const items = world.customDomains.map((domain, index) => ({
    seq: index + 1,
    wire: {
      custom_domain_id: `cd_${String(index + 1).padStart(16, '0')}`,
      domain,
      primary: index === 0,
      status: 'ready',
      type: 'auth0_managed_certs',
    },
  }))
  return page(world, call.query, 'custom_domains', items)
}
