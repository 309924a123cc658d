// A server that is built on oidc-provider. The first line of the input has the clients in JSON, and the first line of the
// output has the port. Each further line of the input is an access token, which the server deletes. The server runs until
// the input ends.

import { createPublicKey } from 'node:crypto';
import { createServer } from 'node:http';
import { createInterface } from 'node:readline';

// The standard output is for responses, so the library must not print its advice for production.
console.info = console.warn = () => {};
const { Provider, errors } = await import('oidc-provider');

const PHOTOS = 'https://photos.example.com/';

function configuration({ clients, initial_access_token: initialAccessToken }) {
    return {
        clients: clients.map(withKeySet),
        claims: { openid: ['sub'], email: ['email'] },
        cookies: { keys: ['nobody else signs cookies here'] },
        extraParams: ['jane'],
        features: {
            clientCredentials: { enabled: true },
            devInteractions: { enabled: false },
            deviceFlow: { enabled: true },
            introspection: { enabled: true },
            registration: { enabled: true, initialAccessToken },
            registrationManagement: { enabled: true, rotateRegistrationAccessToken: true },
            resourceIndicators: { enabled: true, getResourceServerInfo },
            revocation: { enabled: true },
        },
        findAccount: (_, accountId) => ({
            accountId,
            claims: () => ({ sub: accountId, email: 'jane@example.com' }),
        }),
        interactions: { url: (_, { uid }) => `/interaction/${uid}` },
        rotateRefreshToken: true,
        ttl: Object.fromEntries(['AccessToken', 'AuthorizationCode', 'ClientCredentials', 'DeviceCode', 'Grant', 'IdToken',
            'Interaction', 'RefreshToken', 'Session'].map((artifact) => [artifact, 600])),
    };
}

// Converts the key of a client from PEM to a JWK set.
function withKeySet({ key, ...client }) {
    if (key === undefined) {
        return client;
    }
    const jwk = { ...createPublicKey(key).export({ format: 'jwk' }), use: 'sig', alg: 'RS256' };
    return { ...client, jwks: { keys: [jwk] } };
}

function getResourceServerInfo(_, resource) {
    if (resource !== PHOTOS) {
        throw new errors.InvalidTarget();
    }
    return { scope: 'photos.read photos.write', audience: PHOTOS, accessTokenFormat: 'opaque' };
}

// Signs Jane in and decides for her at once. With `jane=denies` she denies, and with `jane=hides` she does not share her
// email address.
async function interact(provider, request, response) {
    const { prompt, params, session, grantId } = await provider.interactionDetails(request, response);
    const finish = (result) => provider.interactionFinished(request, response, result, {
        mergeWithLastSubmission: prompt.name !== 'login',
    });
    if (params.jane === 'denies') {
        return finish({ error: 'access_denied', error_description: 'Jane said no' });
    }
    if (prompt.name === 'login') {
        return finish({ login: { accountId: 'jane' } });
    }
    const grant = grantId
        ? await provider.Grant.find(grantId)
        : new provider.Grant({ accountId: session.accountId, clientId: params.client_id });
    for (const scope of prompt.details.missingOIDCScope ?? []) {
        if (params.jane === 'hides' && scope === 'email') {
            grant.rejectOIDCScope(scope);
        } else {
            grant.addOIDCScope(scope);
        }
    }
    grant.addOIDCClaims(prompt.details.missingOIDCClaims ?? []);
    for (const [resource, scopes] of Object.entries(prompt.details.missingResourceScopes ?? {})) {
        grant.addResourceScope(resource, scopes.join(' '));
    }
    return finish({ consent: { grantId: await grant.save() } });
}

function start(told, started) {
    const server = createServer().listen(0, '127.0.0.1', () => {
        const { port } = server.address();
        const origin = `http://127.0.0.1:${port}`;
        const provider = new Provider(origin, configuration(told));
        const callback = provider.callback();
        // The same provider at issuers with a path. Their metadata is only at the path of OpenID Connect Discovery.
        const nested = Object.fromEntries(['nested', 'realms'].map((name) => {
            return [name, new Provider(`${origin}/${name}`, configuration(told)).callback()];
        }));
        server.on('request', (request, response) => {
            const [, first, ...rest] = request.url.split('/');
            if (first === 'interaction') {
                interact(provider, request, response).catch((error) => response.writeHead(500).end(String(error)));
            } else if (first in nested) {
                request.originalUrl = request.url;
                request.url = `/${rest.join('/')}`;
                nested[first](request, response);
            } else if (request.url === '/.well-known/oauth-authorization-server/realms') {
                // The response of Keycloak for an unknown path.
                response.writeHead(404, { 'Content-Type': 'application/json' });
                response.end('{"error":"Unable to find matching target resource method"}');
            } else {
                callback(request, response);
            }
        });
        started(provider, port);
    });
}

const answer = (value) => process.stdout.write(`${JSON.stringify(value)}\n`);
const lines = createInterface({ input: process.stdin });
lines.once('close', () => process.exit());
lines.once('line', (line) => start(JSON.parse(line), (provider, port) => {
    lines.on('line', async (forgotten) => {
        const token = await provider.AccessToken.find(JSON.parse(forgotten));
        await token.destroy();
        answer(token.scope);
    });
    answer({ port });
}));
