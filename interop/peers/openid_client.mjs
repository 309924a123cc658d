// Gets tokens with openid-client, and with oauth4webapi, on which openid-client is built. Each line of the input is a task
// in JSON, and each line of the output is its result. The result of a refusal has the error code.

import { createInterface } from 'node:readline';
import * as oauth from 'oauth4webapi';
import * as client from 'openid-client';

const AUTHENTICATION = {
    basic: client.ClientSecretBasic,
    post: client.ClientSecretPost,
    none: client.None,
};

// Discovers the server by RFC 8414. It is on loopback, so http is allowed.
function discover(task) {
    const authentication = AUTHENTICATION[task.authentication](task.client_secret ?? undefined);
    const options = { algorithm: 'oauth2', execute: [client.allowInsecureRequests] };
    return client.discovery(new URL(task.issuer), task.client, undefined, authentication, options);
}

// Opens the URL as the user's browser. Returns the callback URL, which `forge` may change.
async function visit(task, url) {
    url.searchParams.set('login_hint', task.user);
    return comeBack(task, await fetch(url, { redirect: 'manual' }));
}

function comeBack(task, answer) {
    const callback = new URL(answer.headers.get('location'));
    if (task.forge === 'iss is missing') {
        callback.searchParams.delete('iss');
    } else if (task.forge === 'iss is another') {
        callback.searchParams.set('iss', 'https://attacker.example');
    } else if (task.forge === 'state is another') {
        callback.searchParams.set('state', 'forged');
    }
    return callback;
}

async function code(task) {
    const config = await discover(task);
    const pkceCodeVerifier = client.randomPKCECodeVerifier();
    const expectedState = client.randomState();
    const parameters = {
        redirect_uri: task.callback,
        scope: task.scope,
        state: expectedState,
        code_challenge: await client.calculatePKCECodeChallenge(pkceCodeVerifier),
        code_challenge_method: 'S256',
        ...(task.pushed ? { login_hint: task.user } : {}),
    };
    const url = task.pushed
        ? await client.buildAuthorizationUrlWithPAR(config, parameters)
        : client.buildAuthorizationUrl(config, parameters);
    const callback = task.pushed ? comeBack(task, await fetch(url, { redirect: 'manual' })) : await visit(task, url);
    const token = await client.authorizationCodeGrant(config, callback, { pkceCodeVerifier, expectedState });
    const cameOfIt = { url: url.href, ...await use(task, config, token) };
    const renewed = await client.refreshTokenGrant(config, token.refresh_token);
    return { ...cameOfIt, renewed, again: await use(task, config, renewed), revoked: await revoke(task, config, renewed) };
}

async function device(task) {
    const config = await discover(task);
    const answer = await client.initiateDeviceAuthorization(config, { scope: task.scope });
    const url = new URL(answer.verification_uri_complete);
    url.searchParams.set('login_hint', task.user);
    const polling = client.pollDeviceAuthorizationGrant(config, answer);
    // The user decides after the first poll.
    const decided = new Promise((resolve) => setTimeout(resolve, 1500)).then(() => fetch(url));
    const [token] = await Promise.all([polling, decided]);
    return { answer, ...await use(task, config, token) };
}

async function clientCredentials(task) {
    const config = await discover(task);
    return use(task, config, await client.clientCredentialsGrant(config, { scope: task.scope }));
}

async function register(task) {
    const metadata = {
        redirect_uris: [task.callback],
        client_name: 'Registered',
        grant_types: ['authorization_code', 'refresh_token'],
        scope: task.scope,
    };
    const options = { algorithm: 'oauth2', execute: [client.allowInsecureRequests] };
    const config = await client.dynamicClientRegistration(new URL(task.issuer), metadata, undefined, options);
    const { client_id: id, client_secret: secret } = config.clientMetadata();
    const cameOfIt = await code({ ...task, client: id, client_secret: secret, authentication: 'basic' });
    return { ...cameOfIt, registered: id };
}

async function use(task, config, token) {
    const answer = await client.fetchProtectedResource(config, token.access_token, new URL(`${task.issuer}/photos`), 'GET');
    // The server does not allow clients without a secret to introspect tokens.
    const introspection = task.authentication === 'none'
        ? undefined
        : await client.tokenIntrospection(config, token.access_token);
    return { metadata: config.serverMetadata(), token, photos: await answer.json(), introspection };
}

async function revoke(task, config, token) {
    await client.tokenRevocation(config, token.refresh_token);
    const answer = await fetch(`${task.issuer}/photos`, { headers: { authorization: `Bearer ${token.access_token}` } });
    return answer.status;
}

// The code grant in the single steps of oauth4webapi, which check each response.
async function steps(task) {
    const insecure = { [oauth.allowInsecureRequests]: true };
    const issuer = new URL(task.issuer);
    const discovered = await oauth.discoveryRequest(issuer, { ...insecure, algorithm: 'oauth2' });
    const server = await oauth.processDiscoveryResponse(issuer, discovered);
    const own = { client_id: task.client };
    const authentication = oauth.ClientSecretBasic(task.client_secret);
    const verifier = oauth.generateRandomCodeVerifier();
    const state = oauth.generateRandomState();
    const url = new URL(server.authorization_endpoint);
    url.search = new URLSearchParams({
        client_id: task.client,
        redirect_uri: task.callback,
        response_type: 'code',
        scope: task.scope,
        state,
        code_challenge: await oauth.calculatePKCECodeChallenge(verifier),
        code_challenge_method: 'S256',
    });
    const parameters = oauth.validateAuthResponse(server, own, await visit(task, url), state);
    const answer = await oauth.authorizationCodeGrantRequest(
        server, own, authentication, parameters, task.callback, verifier, insecure,
    );
    const token = await oauth.processAuthorizationCodeResponse(server, own, answer);
    const photos = await oauth.protectedResourceRequest(
        token.access_token, 'GET', new URL(`${task.issuer}/photos`), undefined, undefined, insecure,
    );
    return { metadata: server, token, photos: await photos.json() };
}

const FLOWS = { code, device, client_credentials: clientCredentials, register, steps };

async function walk(task) {
    try {
        return await FLOWS[task.flow](task);
    } catch (error) {
        // If the response has a challenge, the library does not read the body.
        const challenged = error.code === oauth.WWW_AUTHENTICATE_CHALLENGE;
        const body = challenged ? await error.response.json() : {};
        const schemes = challenged ? error.cause.map(({ scheme }) => scheme) : [];
        return { refused: body.error ?? error.error ?? error.code, schemes, message: error.message };
    }
}

for await (const line of createInterface({ input: process.stdin })) {
    process.stdout.write(`${JSON.stringify(await walk(JSON.parse(line)))}\n`);
}
