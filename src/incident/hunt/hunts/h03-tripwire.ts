import {token} from '../examples.ts'
import type {Hunt} from '../hunt.ts'
import {byCompromisedClient} from '../requests.ts'

export const tripwire: Hunt = {
  id: 'H3',
  title: 'The leaked credential used after containment',
  question: 'Who still tries the old secret, and did anybody get a token?',
  meaning:
    'The dead secret is a tripwire: a refusal shows the address and fingerprint of whoever still has it. Consumers that were not given the new secret trip it as well. A token after containment is an alarm, unless the grants were given back and the asker has the new secret.',
  weight: 'trace',
  source: 'feccft and seccft after the containment that the incident proved',
  detections: [{events: ['feccft', 'seccft'], where: {all: [byCompromisedClient, {after: 'containment'}]}}],
  examples: {
    hit: {
      what: 'the old secret refused an hour after containment',
      entries: [token('feccft', 180, {description: 'Unauthorized'})],
    },
    near_miss: {what: 'the same refusal before containment', entries: [token('feccft', 30, {description: 'Unauthorized'})]},
  },
}
