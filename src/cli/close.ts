import {systemClock} from '../clock.ts'
import {StanchError} from '../errors.ts'
import {askAnchor, askCause, askDisposition, askItem, named, recordWaiver, waiversOf} from '../execution/close.ts'
import type {Waiver} from '../execution/close.ts'
import {IncidentTrail} from '../execution/incident-trail.ts'
import {incidentState, lastExposure} from '../execution/incident.ts'
import type {Responder} from '../execution/responder.ts'
import {closeItems, openIntents} from '../incident/close-items.ts'
import type {CloseItem, Disposition} from '../incident/close-items.ts'
import {reportingClocks} from '../incident/reporting-clocks.ts'
import type {ReportingClocks} from '../incident/reporting-clocks.ts'
import {responseTimes} from '../incident/response-times.ts'
import type {ResponseTimes} from '../incident/response-times.ts'
import type {ManualStep} from '../incident/standing.ts'
import {looksLikeSecret} from '../secret.ts'
import {isAnchored, keptHead, postable, recordPasted} from '../trail/anchors.ts'
import type {PastedAnchor} from '../trail/anchors.ts'
import type {Trail} from '../trail/trail.ts'
import {printable, quoted} from '../untrusted.ts'
import type {Connected, Place} from './context.ts'
import {leftOpen, manualSteps} from './incident-view.ts'
import {aboutIncident, findIncident, openTrailOf} from './incidents.ts'
import type {FoundIncident} from './incidents.ts'
import {peersFrom, reconcileExit, reconcileWith, refuseOtherTenant} from './reconcile.ts'
import type {Reconciled} from './reconcile.ts'

export interface CloseRequest {
  readonly incident: string
  readonly disposition?: Disposition | undefined
  readonly cause?: string | undefined
  readonly lessons?: string | undefined
  readonly anchor?:
    | {
        readonly type: PastedAnchor
        readonly reference: string
        /** how many records the posted checkpoint covers; without it the state at the close is recorded, and shown */
        readonly size?: number | undefined
      }
    | undefined
  /** Items that somebody answers for leaving open. */
  readonly waivers: readonly Waiver[]
  readonly wait: boolean
  readonly also: readonly string[]
}

export interface Closed {
  readonly incident_id: string
  readonly simulated: boolean
  readonly tenant: string
  readonly status: 'closed' | 'open'
  readonly disposition: Disposition
  readonly cause?: string
  readonly all_clear_at?: string
  readonly reconcile?: Reconciled
  readonly response_times: ResponseTimes
  readonly reporting_clocks: ReportingClocks
  readonly waived: readonly Waiver[]
  readonly open_items: readonly CloseItem[]
  /** What `anchor` recorded: these lines must stand at the reference. */
  readonly anchored?: {readonly reference: string; readonly size: number; readonly body: string}
  /** Three lines to be posted, after the close. */
  readonly checkpoint_body?: string
  readonly audit: {readonly records: number; readonly size: number; readonly root_hash: string; readonly checkpoint: string}
  readonly next: readonly string[]
}

export interface CloseJob {
  readonly place: Place
  readonly responder: Responder
  readonly request: CloseRequest
  readonly interruption: {readonly requested: boolean}
  readonly say: (line: string) => void
  /** Absent when the comparison with the tenant's log is waived. */
  readonly connected?: Connected
}

/**
 * Closes an incident: nothing in doubt, the trail compared with the tenant's log, every step for people signed off, a
 * checkpoint outside this machine; what is left open somebody answers for by name. What is not so keeps it open, and
 * what was answered stays answered.
 *
 * @throws action.in_doubt while an operation has no answer
 */
export async function closeIncident(job: CloseJob): Promise<Closed> {
  const {place, request, connected} = job
  const found = findIncident(place, request.incident)
  if (connected) refuseOtherTenant(found, connected)
  const doubts = openIntents(found.state)
  if (doubts.length > 0) {
    throw new StanchError(
      'action.in_doubt',
      `Nobody knows what became of ${doubts.map((one) => printable(one, 200)).join('; ')}. The incident stays open.`,
      {
        hint: `stanch resume ${request.incident}`,
      },
    )
  }
  refuseSecrets(request)
  const manual = manualSteps(found)
  const waivers = request.waivers.map((waiver) => namedItem(waiver, waivable(manual, leftOpen(found))))
  if (!job.responder.attended && request.disposition === undefined) {
    throw new StanchError('usage.missing_flag', '--disposition is needed here.', {
      hint: 'One of contained, false_alarm, accepted.',
    })
  }
  const trail = await openTrailOf(place, found)
  try {
    return await closeIn({...job, request: {...request, waivers}}, trail, found, manual)
  } finally {
    trail.close(job.interruption.requested ? 'interrupted' : 'done')
  }
}

async function closeIn(job: CloseJob, trail: Trail, found: FoundIncident, manual: readonly ManualStep[]): Promise<Closed> {
  const {request, connected, responder} = job
  const before = incidentState(trail, request.incident)
  const journal = new IncidentTrail(trail, request.incident, before.tenant, systemClock)
  const asker = {responder, journal}
  const posted = request.anchor?.size === undefined ? undefined : keptHead(trail, request.anchor.size)
  for (const waiver of request.waivers) recordWaiver(journal, waiver)
  const reconciled = connected
    ? await reconcileWith(
        trail,
        connected,
        {incident: request.incident, wait: request.wait, peers: peersFrom(request.also, before.tenant)},
        responder,
        job.interruption,
      )
    : undefined
  const disposition = request.disposition ?? (await askDisposition(asker))
  const cause = request.cause ?? (responder.attended ? (await askCause(asker)).trim() : '')
  const lastChange = before.operations.at(-1)?.seq ?? 0
  const anchored = () => isAnchored(trail.records(), lastChange)
  const anchor = request.anchor && {...request.anchor, head: posted ?? trail.checkpoint(true)}
  if (anchor) recordPasted(trail, anchor.head, anchor.type, anchor.reference, aboutIncident(request.incident))

  const items = () => {
    const waived = waiversOf(trail.records({inc: request.incident}))
    const state = incidentState(trail, request.incident)
    const all = closeItems({
      state,
      manual,
      inventory: leftOpen({...found, state}),
      disposition,
      ...(reconciled ? {reconciliation: reconciled} : {}),
      anchored: anchored(),
    })
    return {state, waived, open: all.filter(({item}) => !waived.has(item))}
  }
  if (responder.attended) await askAbout(job, trail, journal, items().open)
  const {state, waived, open} = items()
  const exposure = lastExposure(trail, state)
  const about = {
    incident_id: request.incident,
    simulated: trail.mode === 'sim',
    tenant: state.tenant,
    disposition,
    ...(cause === '' ? {} : {cause: printable(cause, 1000)}),
    ...(exposure ? {all_clear_at: exposure.all_clear.worst_case_at} : {}),
    ...(reconciled ? {reconcile: reconciled} : {}),
    response_times: responseTimes(state, exposure),
    reporting_clocks: reportingClocks(state, Math.floor(systemClock.now() / 1000)),
    waived: [...waived.values()],
    open_items: open,
    ...(anchor
      ? {anchored: {reference: anchor.reference, size: anchor.head.size, body: postable(anchor.head, trail.origin).body}}
      : {}),
  }
  if (open.length > 0) {
    return {...about, status: 'open', audit: auditOf(trail.checkpoint(true)), next: open.map(({item, how}) => `${item}: ${how}`)}
  }
  journal.close({
    all_clear_at: exposure?.all_clear.worst_case_at ?? 'unknown',
    disposition,
    ...(cause === '' ? {} : {cause: printable(cause, 1000)}),
    ...(request.lessons === undefined ? {} : {lessons: printable(request.lessons, 2000)}),
  })
  // The close ended the key epoch, too: the keys that sealed this incident are gone from the machine.
  const head = trail.checkpoint(true)
  return {
    ...about,
    status: 'closed',
    checkpoint_body: postable(head, trail.origin).body,
    audit: auditOf(head),
    next: [
      `post the three lines of the checkpoint ${request.anchor ? `there (${request.anchor.reference})` : 'where the first ones are'}: they cover the close itself, and all that was anchored before`,
      `stanch bundle ${request.incident}`,
      ...(reconciled && !reconciled.complete ? [`stanch audit reconcile --since ${reconciled.window.from}`] : []),
    ],
  }
}

/** A person at a terminal deals with each open item in turn. */
async function askAbout(job: CloseJob, trail: Trail, journal: IncidentTrail, items: readonly CloseItem[]): Promise<void> {
  const asker = {responder: job.responder, journal}
  for (const item of items) {
    if (item.item === 'anchor') {
      const head = trail.checkpoint(true)
      const reference = await askAnchor(asker, postable(head, trail.origin).body)
      if (reference.trim() !== '') {
        recordPasted(trail, head, 'chat', reference, aboutIncident(job.request.incident))
        continue
      }
    }
    const answer = await askItem(asker, item)
    if (answer === 'open') continue
    if (answer === 'done') journal.decision(item.item, 'done')
    else recordWaiver(journal, answer)
  }
}

/** Held back by a difference with the tenant's log: 5; by anything else: 6. */
export function closeExit(closed: Pick<Closed, 'status' | 'open_items' | 'reconcile'>): number {
  if (closed.status === 'closed') return 0
  const differs = closed.open_items.some(({item}) => item === 'reconcile') && closed.reconcile !== undefined
  return differs ? reconcileExit(closed.reconcile) : 6
}

function auditOf({size, root, text}: {size: number; root: string; text: string}): Closed['audit'] {
  return {records: size, size, root_hash: root, checkpoint: text}
}

/** What is written here is kept for ever and handed to strangers. */
function refuseSecrets({cause, lessons, anchor, waivers}: CloseRequest): void {
  const texts = [cause, lessons, anchor?.reference, ...waivers.flatMap(({by, reason}) => [by, reason])]
  if (!texts.some((text) => text !== undefined && looksLikeSecret(text))) return
  throw new StanchError('usage.secret_in_argv', 'That holds a token or a private key. Nothing was written.')
}

function waivable(manual: readonly ManualStep[], inventory: readonly CloseItem[]): string[] {
  return [...manual.map(({id}) => `manual.${id}`), ...inventory.map(({item}) => item), 'containment', 'reconcile', 'anchor']
}

/** `ITEM=REASON` says the reason with the item; an item's own name may hold that sign. @throws usage.invalid | usage.missing_flag */
function namedItem(waiver: Waiver, known: readonly string[]): Waiver {
  const item = known.includes(waiver.item)
    ? waiver.item
    : known.filter((one) => waiver.item.startsWith(`${one}=`)).toSorted((a, b) => b.length - a.length)[0]
  if (item === undefined) {
    throw new StanchError('usage.invalid', `${quoted(waiver.item, 60)} is nothing that can be waived here.`, {
      hint: `One of: ${known.map((one) => printable(one, 120)).join(', ')}`,
    })
  }
  const reason = item === waiver.item ? waiver.reason : printable(waiver.item.slice(item.length + 1).trim(), 300)
  if (reason !== '') return {...waiver, item, reason}
  throw new StanchError('usage.missing_flag', 'A waiver needs a name and a reason.', {
    hint: 'Add --waived-by NAME and --reason TEXT, or write --waive ITEM=REASON.',
  })
}

/** Waivers from flags: each needs a name and a reason. @throws usage.missing_flag */
export function waiversFrom(items: readonly string[], by: string | undefined, reason: string | undefined): Waiver[] {
  if (items.length === 0) return []
  const bare = items.some((item) => !item.includes('='))
  if (by === undefined || by.trim() === '' || (bare && (reason ?? '').trim() === '')) {
    throw new StanchError('usage.missing_flag', 'A waiver needs a name and a reason.', {
      hint: 'Add --waived-by NAME --reason TEXT, or write --waive ITEM=REASON.',
    })
  }
  return items.map((item) => ({item, by: named(by), reason: printable((reason ?? '').trim(), 300)}))
}
