import { type Command, Option } from 'commander'

/** Adds the settings of {@link identitySettings} to a role's command, except `--production`. */
export function addIdentityOptions(command: Command): Command {
  return command
    .addOption(new Option('--oidc-issuer <url>', 'whose access tokens count (their `iss`, exactly); without it, development mode: everybody may do everything').env('AISLE_OIDC_ISSUER'))
    .addOption(new Option('--oidc-audience <name>', 'the audience that tokens must be meant for').env('AISLE_OIDC_AUDIENCE'))
    .addOption(new Option('--oidc-jwks <url>', 'where the issuer\'s keys are (default: found through its metadata)').env('AISLE_OIDC_JWKS'))
    .addOption(new Option('--oidc-algorithms <names>', 'signature algorithms that count, parted by commas (default: RS256,PS256,ES256,EdDSA,Ed25519)').env('AISLE_OIDC_ALGORITHMS'))
    .addOption(new Option('--oidc-clock-tolerance <seconds>', 'by how much clocks may differ (default: 30)').env('AISLE_OIDC_CLOCK_TOLERANCE'))
    .addOption(new Option('--oidc-roles-claim <name>', 'the claim that names roles; a.b for one inside another (default: roles)').env('AISLE_OIDC_ROLES_CLAIM'))
    .addOption(new Option('--oidc-keys-cooldown <ms>', 'least time between two looks at the issuer\'s keys (default: 30000)').env('AISLE_OIDC_KEYS_COOLDOWN'))
}

/** Adds where the secret comes from by which a gateway vouches for its callers; the secret itself is in AISLE_CONTEXT_SECRET. */
export function addContextOptions(command: Command): Command {
  return command.addOption(
    new Option('--context-secret-file <file>', 'file with the secrets shared by gateway and subgraphs, `id:secret` each, the first signs; or set AISLE_CONTEXT_SECRET').env('AISLE_CONTEXT_SECRET_FILE'),
  )
}
