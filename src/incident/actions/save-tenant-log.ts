import type {ActionDefinition} from './template.ts'

/**
 * Keeps the client's newest log entries, and the whole log of the window by checkpoint, as evidence before anything is
 * changed: retention may be one day.
 */
export const saveTenantLog: ActionDefinition = {
  name: 'tenant_log.save',
  args: {entries: {type: 'number', required: false, min: 1, max: 1000}},
  expand(template, facts) {
    const {client_id} = facts.snapshot.client
    return [
      {
        id: template.id,
        from: template.id,
        action: 'tenant_log.save',
        target: `client:${client_id}`,
        title: "save the tenant's log as evidence",
        undo: 'nothing to undo: a read',
        scopes: ['read:logs', 'read:logs_users'],
        args: {client_id, entries: Number(template.args['entries'] ?? 1000)},
      },
    ]
  },
}
