import {byAdmin, write} from '../examples.ts'
import type {Hunt} from '../hunt.ts'
import {CHANGES, request} from '../requests.ts'

export const pagesPoisoned: Hunt = {
  id: 'H20',
  title: 'Tenant settings and pages changed',
  question: 'Do login, error or mail pages carry something of the attacker, or was a door of the tenant opened?',
  meaning:
    'A page template with unescaped variables or foreign script takes passwords; the mail provider sees password resets; dynamic registration lets anybody make clients.',
  weight: 'act',
  source: "Auth0's detection liquidjs_xss_vulnerability; log schema sapi, by path",
  detections: [
    {
      events: ['sapi'],
      where: {
        all: [
          request(['patch'], 'tenants/settings'),
          {
            any: [
              // {{ variable }} without a filter that escapes
              {
                field: 'details.request.body.error_page.html',
                matches: '\\{\\{(?![^}]*\\|\\s*(?:escape|escape_once|h|html_escape)\\b)[^}]+\\}\\}|<script|javascript:',
              },
              {field: 'details.request.body.change_password.html', exists: true},
              {field: 'details.request.body.guardian_mfa_page.html', exists: true},
              {field: 'details.request.body.flags.enable_dynamic_client_registration', is: [true]},
              {field: 'details.request.body.default_redirection_uri', exists: true},
              {field: 'details.request.body.allowed_logout_urls', exists: true},
            ],
          },
        ],
      },
      leaves: {
        kind: 'tenant_settings',
        remove: 'set the tenant settings back: pages, dynamic registration, redirect addresses (Dashboard > Settings)',
      },
    },
    {
      events: ['sapi'],
      where: request(
        [...CHANGES, 'delete'],
        '(branding/templates/.+|branding/themes(?:/.+)?|prompts/.+|email-templates(?:/.+)?|emails/provider|branding/phone/.+|custom-domains(?:/.+)?)',
      ),
      leaves: {
        kind: 'page',
        in_path: '^/api/v2/([^?]+)',
        remove: 'set it back to what it was: {id} (Dashboard > Branding)',
      },
    },
    {
      events: ['sapi'],
      where: {
        all: [
          request(['patch'], 'clients/[^/]+'),
          {
            any: [
              {field: 'details.request.body.custom_login_page', exists: true},
              {field: 'details.request.body.form_template', exists: true},
            ],
          },
        ],
      },
      leaves: {
        kind: 'login_page',
        in_path: '^/api/v2/clients/([^/?]+)$',
        remove: 'restore the login page of the client {id} (Dashboard > Branding > Universal Login > Advanced)',
      },
    },
  ],
  examples: {
    hit: {
      what: 'an error page with an unescaped variable',
      entries: [
        write('patch', '/tenants/settings', {
          description: 'Update tenant settings',
          body: {error_page: {html: '<p>{{ error_description }}</p>'}},
        }),
      ],
    },
    near_miss: {
      what: 'an administrator sets an error page whose variable is escaped',
      entries: [
        byAdmin('patch', '/tenants/settings', {
          description: 'Update tenant settings',
          body: {error_page: {html: '<p>{{ error_description | escape }}</p>'}, friendly_name: 'Acme'},
        }),
      ],
    },
  },
}
