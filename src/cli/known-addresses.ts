import {BlockList, isIP} from 'node:net'

import {StanchError} from '../errors.ts'
import {quoted} from '../untrusted.ts'

/** Addresses and networks that somebody named as the team's own: `198.51.100.7`, `198.51.100.0/24`. @throws usage.invalid */
export function knownAddresses(texts: readonly string[]): (ip: string) => boolean {
  const list = new BlockList()
  for (const text of texts) {
    const [address = '', prefix, ...rest] = text.split('/')
    const version = isIP(address)
    const bits = prefix === undefined ? undefined : Number(prefix)
    const widest = version === 6 ? 128 : 32
    if (version === 0 || rest.length > 0 || (bits !== undefined && !(Number.isInteger(bits) && bits >= 0 && bits <= widest)))
      throw new StanchError('usage.invalid', `${quoted(text, 60)} is neither an address nor a network such as 198.51.100.0/24.`)
    const family = version === 6 ? 'ipv6' : 'ipv4'
    if (bits === undefined) list.addAddress(address, family)
    else list.addSubnet(address, bits, family)
  }
  return (ip) => {
    const version = isIP(ip)
    return version !== 0 && list.check(ip, version === 6 ? 'ipv6' : 'ipv4')
  }
}
