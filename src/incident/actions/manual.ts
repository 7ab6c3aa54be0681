import type {ActionDefinition} from './template.ts'

/** An act that no API does: a question to a named owner, whose sign-off is recorded as a decision. */
export const manual: ActionDefinition = {
  name: 'manual',
  args: {question: {type: 'text', required: true}, owner: {type: 'text', required: true}},
  expand(template) {
    return [
      {
        id: template.id,
        from: template.id,
        action: 'manual',
        target: `step:${template.id}`,
        title: String(template.args['question']),
        undo: 'by hand',
        scopes: [],
        args: {question: String(template.args['question']), owner: String(template.args['owner'])},
      },
    ]
  },
}
