import type {Random} from '../random.ts'

/** Where somebody acts from, and with what. Addresses are those reserved for documentation and benchmarks. */
export interface Home {
  readonly ip: string
  /** The agent as Auth0 parses it in events of tokens. */
  readonly parsed: string
  /** The agent as it is sent. */
  readonly agent: string
  readonly ja4?: string
}

const SERVICES = [
  'billing-sync',
  'warehouse',
  'crm-bridge',
  'invoice-bot',
  'payroll',
  'reporting',
  'provisioner',
  'helpdesk',
] as const
const THIEVES = ['curl', 'python-requests', 'Go-http-client', 'node', 'okhttp', 'axios', 'Wget', 'PostmanRuntime'] as const
/** Where Auth0 cannot parse an agent, as for most programs. */
const UNPARSED = 'Other 0.0.0 / Other 0.0.0'

/** Makes homes that are told apart by address; tools and fingerprints may be shared, as they are in life. */
export class Homes {
  readonly #random: Random
  readonly #parses: boolean
  readonly #fingerprints: boolean
  #next = 0

  constructor(random: Random) {
    this.#random = random
    this.#parses = random.chance(0.5)
    this.#fingerprints = random.chance(0.8)
  }

  service(name: string = this.#random.pick(SERVICES)): Home {
    const random = this.#random
    return this.#home('198.51.100', name, `${1 + random.below(9)}.${random.below(20)}.0`)
  }

  thief(): Home {
    const random = this.#random
    return this.#home('203.0.113', random.pick(THIEVES), `${1 + random.below(9)}.${random.below(20)}.1`)
  }

  person(): Home {
    const home = this.#home('192.0.2', 'Firefox', '141.0')
    return {...home, parsed: 'Firefox 141.0.0 / Mac OS X 10.15.7', agent: 'Mozilla/5.0 (Macintosh) Gecko/20100101 Firefox/141.0'}
  }

  /** Anybody on the internet: users of the applications. */
  anywhere(): string {
    return `198.18.${this.#random.below(256)}.${this.#random.below(256)}`
  }

  /** Another address with the same tool, one version later at times: a deployment that moved. */
  moved(home: Home): Home {
    const version = this.#random.chance(0.5) ? '10.0.0' : undefined
    const agent = version === undefined ? home.agent : home.agent.replace(/\d+\.\d+\.\d+/, version)
    const parsed = version === undefined ? home.parsed : home.parsed.replace(/\d+\.\d+\.\d+(?= \/)/, version)
    return {...home, ip: this.#ip('198.51.100'), agent, parsed: home.parsed === UNPARSED ? UNPARSED : parsed}
  }

  #home(net: string, tool: string, version: string): Home {
    return {
      ip: this.#ip(net),
      parsed: this.#parses ? `${tool} ${version} / Linux 6.8.0` : UNPARSED,
      agent: `${tool}/${version}`,
      ...(this.#fingerprints ? {ja4: `t13d${this.#random.digits(4)}h2_${this.#random.text(12, '0123456789abcdef')}`} : {}),
    }
  }

  #ip(net: string): string {
    this.#next++
    // Documentation networks have 254 addresses; a story has far fewer actors.
    return `${net}.${1 + (this.#next % 254)}`
  }
}
