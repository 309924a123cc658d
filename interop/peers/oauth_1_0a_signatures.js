// Signs with oauth-1.0a. Each line of the input is a request in JSON, and each line of the output is its header.

const crypto = require('crypto');
const readline = require('readline');
const OAuth = require('oauth-1.0a');

const HASHES = { 'HMAC-SHA1': 'sha1', 'HMAC-SHA256': 'sha256', PLAINTEXT: 'sha1' };

function sign({ case: { message, ...how }, form }) {
    const hash = HASHES[how.signature_method];
    const oauth = new OAuth({
        consumer: { key: how.client, secret: how.client_secret },
        signature_method: how.signature_method,
        // Without a hash function, oauth-1.0a signs with PLAINTEXT.
        hash_function: how.signature_method === 'PLAINTEXT' ? undefined
            : (base, key) => crypto.createHmac(hash, key).update(base).digest('base64'),
        body_hash_function: (body) => crypto.createHash(hash).update(body).digest('base64'),
        realm: how.realm ?? undefined,
    });
    oauth.getNonce = () => how.nonce;
    oauth.getTimeStamp = () => how.timestamp;
    const request = form === null
        ? { method: message.method, url: message.uri, data: message.body, includeBodyHash: true }
        : { method: message.method, url: message.uri, data: object(form) };
    const token = how.token === null ? undefined : { key: how.token, secret: how.token_secret };
    return oauth.toHeader(oauth.authorize(request, token)).Authorization;
}

// Makes an object of the parameters. The values of a repeated name become an array.
function object(pairs) {
    const data = {};
    for (const [name, value] of pairs) {
        data[name] = name in data ? [].concat(data[name], value) : value;
    }
    return data;
}

readline.createInterface({ input: process.stdin }).on('line', (line) => {
    console.log(JSON.stringify(sign(JSON.parse(line))));
});
