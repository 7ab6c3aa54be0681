/** The command lines that the documentation gives for handing a secret to a vault; each is tried with a stand-in. */
export const RECIPES: readonly {readonly service: string; readonly sink: string}[] = [
  {service: 'HashiCorp Vault', sink: 'exec:vault kv put secret/billing-sync value=-'},
  {
    service: 'AWS Secrets Manager',
    sink: 'exec:aws secretsmanager put-secret-value --secret-id billing-sync --secret-string file:///dev/stdin',
  },
  {service: 'Google Secret Manager', sink: 'exec:gcloud secrets versions add billing-sync --data-file=-'},
  {
    service: 'Azure Key Vault',
    sink: 'exec:az keyvault secret set --vault-name acme --name billing-sync --file /dev/stdin --encoding utf-8 --output none',
  },
  {
    service: '1Password, new document',
    sink: 'exec:["op","document","create","-","--title","billing-sync secret","--file-name","secret.txt","--vault","Ops"]',
  },
  {service: '1Password, existing document', sink: 'exec:["op","document","edit","billing-sync secret","-"]'},
]
