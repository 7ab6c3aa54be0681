/**
 * What the write endpoints take, one line a member: type (`?` for null allowed), bounds, allowed values. From Auth0's
 * OpenAPI document of the Management API (auth0/docs-v2, main/docs/oas/management/v2/management-api-oas.json).
 */
export interface Member {
  readonly type: 'string' | 'boolean' | 'integer' | 'array' | 'object'
  readonly nullable?: boolean
  readonly values?: readonly string[]
  readonly min?: number
  readonly max?: number
}

export interface Schema {
  readonly required: readonly string[]
  readonly members: Readonly<Record<string, Member>>
}

/** Members that create and update take alike. */
const CLIENT = {
  addons: {type: 'object'},
  allowed_clients: {type: 'array'},
  allowed_logout_urls: {type: 'array'},
  allowed_origins: {type: 'array'},
  app_type: {
    type: 'string',
    values: [
      'native',
      'spa',
      'regular_web',
      'non_interactive',
      'resource_server',
      'express_configuration',
      'rms',
      'box',
      'cloudbees',
      'concur',
      'dropbox',
      'mscrm',
      'echosign',
      'egnyte',
      'newrelic',
      'office365',
      'salesforce',
      'sentry',
      'sharepoint',
      'slack',
      'springcm',
      'zendesk',
      'zoom',
      'sso_integration',
      'oag',
    ],
  },
  callbacks: {type: 'array'},
  client_aliases: {type: 'array'},
  client_metadata: {type: 'object'},
  compliance_level: {
    type: 'string',
    nullable: true,
    values: ['none', 'fapi1_adv_pkj_par', 'fapi1_adv_mtls_par', 'fapi2_sp_pkj_mtls', 'fapi2_sp_mtls_mtls'],
  },
  cross_origin_authentication: {type: 'boolean'},
  custom_login_page_on: {type: 'boolean'},
  default_organization: {type: 'object', nullable: true},
  description: {type: 'string', max: 140},
  encryption_key: {type: 'object', nullable: true},
  grant_types: {type: 'array'},
  initiate_login_uri: {type: 'string'},
  is_first_party: {type: 'boolean'},
  is_token_endpoint_ip_header_trusted: {type: 'boolean'},
  jwt_configuration: {type: 'object'},
  logo_uri: {type: 'string'},
  mobile: {type: 'object'},
  name: {type: 'string'},
  native_social_login: {type: 'object'},
  oidc_backchannel_logout: {type: 'object'},
  oidc_conformant: {type: 'boolean'},
  oidc_logout: {type: 'object'},
  par_request_expiry: {type: 'integer', nullable: true, min: 10, max: 600},
  redirection_policy: {type: 'string', values: ['allow_always', 'open_redirect_protection']},
  refresh_token: {type: 'object', nullable: true},
  require_proof_of_possession: {type: 'boolean'},
  require_pushed_authorization_requests: {type: 'boolean'},
  session_transfer: {type: 'object', nullable: true},
  signed_request_object: {type: 'object', nullable: true},
  sso: {type: 'boolean'},
  sso_disabled: {type: 'boolean'},
  third_party_security_mode: {type: 'string', values: ['strict', 'permissive']},
  token_vault_privileged_access: {type: 'object', nullable: true},
  web_origins: {type: 'array'},
} as const satisfies Schema['members']

export const CREATE_CLIENT: Schema = {
  required: ['name'],
  members: {
    ...CLIENT,
    async_approval_notification_channels: {type: 'array'},
    client_authentication_methods: {type: 'object'},
    cross_origin_loc: {type: 'string'},
    custom_login_page: {type: 'string', min: 1},
    custom_login_page_preview: {type: 'string', min: 1},
    express_configuration: {type: 'object'},
    form_template: {type: 'string', min: 1},
    my_organization_configuration: {type: 'object'},
    organization_discovery_methods: {type: 'array'},
    organization_require_behavior: {type: 'string', values: ['no_prompt', 'pre_login_prompt', 'post_login_prompt']},
    organization_usage: {type: 'string', values: ['deny', 'allow', 'require']},
    resource_server_identifier: {type: 'string', min: 1, max: 600},
    skip_non_verifiable_callback_uri_confirmation_prompt: {type: 'boolean'},
    token_endpoint_auth_method: {type: 'string', values: ['none', 'client_secret_post', 'client_secret_basic']},
    token_exchange: {type: 'object'},
    token_quota: {type: 'object'},
  },
}

export const UPDATE_CLIENT: Schema = {
  required: [],
  members: {
    ...CLIENT,
    async_approval_notification_channels: {type: 'array', nullable: true},
    client_authentication_methods: {type: 'object', nullable: true},
    client_secret: {type: 'string', min: 1},
    cross_origin_loc: {type: 'string', nullable: true},
    custom_login_page: {type: 'string'},
    custom_login_page_preview: {type: 'string'},
    express_configuration: {type: 'object', nullable: true},
    form_template: {type: 'string'},
    my_organization_configuration: {type: 'object', nullable: true},
    organization_discovery_methods: {type: 'array', nullable: true},
    organization_require_behavior: {
      type: 'string',
      nullable: true,
      values: ['no_prompt', 'pre_login_prompt', 'post_login_prompt'],
    },
    organization_usage: {type: 'string', nullable: true, values: ['deny', 'allow', 'require']},
    skip_non_verifiable_callback_uri_confirmation_prompt: {type: 'boolean', nullable: true},
    token_endpoint_auth_method: {type: 'string', nullable: true, values: ['none', 'client_secret_post', 'client_secret_basic']},
    token_exchange: {type: 'object', nullable: true},
    token_quota: {type: 'object', nullable: true},
  },
}

export const CREATE_CLIENT_GRANT: Schema = {
  required: ['audience'],
  members: {
    allow_all_scopes: {type: 'boolean'},
    allow_any_organization: {type: 'boolean'},
    audience: {type: 'string', min: 1},
    authorization_details_types: {type: 'array'},
    client_id: {type: 'string'},
    default_for: {type: 'string', values: ['third_party_clients']},
    organization_usage: {type: 'string', values: ['deny', 'allow', 'require']},
    scope: {type: 'array'},
    subject_type: {type: 'string', values: ['client', 'user']},
  },
}

export const UPDATE_CLIENT_GRANT: Schema = {
  required: [],
  members: {
    allow_all_scopes: {type: 'boolean', nullable: true},
    allow_any_organization: {type: 'boolean', nullable: true},
    authorization_details_types: {type: 'array'},
    organization_usage: {type: 'string', nullable: true, values: ['deny', 'allow', 'require']},
    scope: {type: 'array', nullable: true},
  },
}

/** Members that create and update take alike. */
const RESOURCE_SERVER = {
  allow_offline_access: {type: 'boolean'},
  allow_online_access: {type: 'boolean'},
  authorization_details: {type: 'array', nullable: true},
  authorization_policy: {type: 'object', nullable: true},
  consent_policy: {type: 'string', nullable: true, values: ['transactional-authorization-with-mfa']},
  enforce_policies: {type: 'boolean'},
  name: {type: 'string', max: 200},
  proof_of_possession: {type: 'object', nullable: true},
  scopes: {type: 'array'},
  signing_alg: {type: 'string', values: ['HS256', 'RS256', 'RS512', 'PS256']},
  signing_secret: {type: 'string', min: 16},
  skip_consent_for_verifiable_first_party_clients: {type: 'boolean'},
  subject_type_authorization: {type: 'object'},
  token_dialect: {type: 'string', values: ['access_token', 'access_token_authz', 'rfc9068_profile', 'rfc9068_profile_authz']},
  token_encryption: {type: 'object', nullable: true},
  token_lifetime: {type: 'integer', min: 0, max: 2592000},
  token_lifetime_for_web: {type: 'integer', min: 0, max: 2592000},
} as const satisfies Schema['members']

export const CREATE_RESOURCE_SERVER: Schema = {
  required: ['identifier'],
  members: {
    ...RESOURCE_SERVER,
    identifier: {type: 'string', min: 1, max: 600},
  },
}

export const UPDATE_RESOURCE_SERVER: Schema = {
  required: [],
  members: {
    ...RESOURCE_SERVER,
  },
}

export const CREATE_CREDENTIAL: Schema = {
  required: ['credential_type'],
  members: {
    alg: {type: 'string', values: ['RS256', 'RS384', 'PS256']},
    credential_type: {type: 'string', values: ['public_key', 'cert_subject_dn', 'x509_cert']},
    expires_at: {type: 'string'},
    kid: {type: 'string', min: 10, max: 64},
    name: {type: 'string', max: 128},
    parse_expiry_from_cert: {type: 'boolean'},
    pem: {type: 'string'},
    subject_dn: {type: 'string', min: 1, max: 256},
  },
}

export const UPDATE_CREDENTIAL: Schema = {
  required: [],
  members: {
    expires_at: {type: 'string', nullable: true},
  },
}

export const ASSOCIATE_GRANT: Schema = {
  required: ['grant_id'],
  members: {
    grant_id: {type: 'string'},
  },
}
