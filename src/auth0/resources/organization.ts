/** An organisation a grant is tied to (GET api/v2/client-grants/{id}/organizations). */
export interface Organization {
  readonly id: string
  readonly name?: string
}
