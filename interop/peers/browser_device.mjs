// Jane connects a device in Chromium. Forged forms and wrong codes are refused. The arguments are the origin of the
// service, a directory for screenshots, Jane's password, the client id and the name of the device, and a scope. Each
// check prints a line of JSON. The script ends at the first check that fails.

import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import { chromium } from 'playwright-core';

const [service, screenshots, password, clientId, clientName, scope] = process.argv.slice(2);
const CHROMIUM = {
    executablePath: '/usr/bin/chromium',
    headless: true,
    args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
        '--disable-component-update', '--disable-sync'],
};

function say(what, ok, why) {
    process.stdout.write(`${JSON.stringify({ check: what, ok, why })}\n`);
}

function check(what, ok, why) {
    if (!ok) {
        throw Object.assign(new Error(why), { check: what });
    }
    say(what, true);
}

async function checkThat(what, promise) {
    await promise.catch((error) => check(what, false, error.message));
    check(what, true);
}

const shoot = (page, name) => page.screenshot({ path: join(screenshots, `${name}.png`), fullPage: true });
const heading = (page, name) => page.getByRole('heading', { level: 1, name }).waitFor();
const button = (page, name) => page.getByRole('button', { name, exact: true });

async function post(path, parameters) {
    const answer = await fetch(`${service}${path}`, { method: 'POST', body: new URLSearchParams(parameters) });
    return answer.json();
}

function poll(device) {
    const grant = 'urn:ietf:params:oauth:grant-type:device_code';
    return post('/token', { grant_type: grant, client_id: clientId, device_code: device.device_code });
}

async function signIn(page) {
    await page.goto(`${service}/device`);
    await page.getByRole('textbox', { name: 'User name' }).fill('jane');
    await page.getByLabel('Password').fill('wrong');
    await button(page, 'Sign in').click();
    await checkThat('a wrong password is said to be wrong', page.getByRole('alert').waitFor());
    await shoot(page, 'wrong-password');
    const [before] = await page.context().cookies();
    await page.getByRole('textbox', { name: 'User name' }).fill('jane');
    await page.getByLabel('Password').fill(password);
    await button(page, 'Sign in').click();
    await checkThat('the page for the code is there', heading(page, 'Connect a device'));
    const [after] = await page.context().cookies();
    check('the session has another name than before', before.value !== after.value, 'it has the same');
    check('no script can read it', after.httpOnly && after.sameSite === 'Lax', JSON.stringify(after));
}

async function enter(page, code) {
    await page.getByRole('textbox', { name: 'Code' }).fill(code);
    await button(page, 'Continue').click();
}

async function connects(page) {
    await signIn(page);
    await enter(page, 'BCDF-GHJK');
    await checkThat('a wrong code is said to be wrong', page.getByRole('alert').waitFor());
    await shoot(page, 'wrong-code');

    const device = await post('/device_authorization', { client_id: clientId, scope });
    await enter(page, device.user_code.toLowerCase().replace('-', ' '));
    await checkThat('the page says which device it is', page.getByText(clientName).waitFor());
    await shoot(page, 'device');
    const { error } = await poll(device);
    check('the device waits', error === 'authorization_pending', error);
    await button(page, 'Allow').click();
    await checkThat('the page says that the device is connected', heading(page, /connected/));
    await shoot(page, 'device-connected');
    await new Promise((resolve) => setTimeout(resolve, 1100));
    const token = await poll(device);
    check('the device has a token', token.scope === scope && 'access_token' in token, JSON.stringify(token));
}

async function denies(page) {
    const device = await post('/device_authorization', { client_id: clientId, scope });
    await page.goto(device.verification_uri_complete);
    await checkThat('the code stands there already', button(page, 'Continue').waitFor());
    await button(page, 'Continue').click();
    await button(page, 'Deny').click();
    await checkThat('the page says that the device is not connected', heading(page, /not connected/));
    const { error } = await poll(device);
    check('the device is told so', error === 'access_denied', error);
}

// An attacker's page posts a form to the URL of the question, but does not have the token of the form.
async function isNotForged(page) {
    const device = await post('/device_authorization', { client_id: clientId, scope });
    await page.goto(device.verification_uri_complete);
    await button(page, 'Continue').click();
    await button(page, 'Allow').waitFor();
    await page.evaluate(() => {
        document.querySelector('input[name=form_token]').value = 'forged';
    });
    await button(page, 'Allow').click();
    await checkThat('a form with another token is refused', heading(page, /expired/));
    const { error } = await poll(device);
    check('the device still waits', error === 'authorization_pending', error);
}

if (scope === undefined) {
    console.error('usage: browser_device.mjs <service origin> <directory> <password> <client> <client name> <scope>');
    process.exit(2);
}
mkdirSync(screenshots, { recursive: true });
let browser;
try {
    browser = await chromium.launch(CHROMIUM);
    const context = await browser.newContext({ viewport: { width: 375, height: 740 }, colorScheme: 'dark' });
    context.setDefaultTimeout(120_000);
    const page = await context.newPage();
    try {
        await connects(page);
        await denies(page);
        await isNotForged(page);
    } catch (error) {
        await shoot(page, 'failed').catch(() => {});
        throw error;
    }
} catch (error) {
    say(error.check ?? 'the browser does as it is told', false, stripVTControlCharacters(error.message));
    process.exitCode = 1;
} finally {
    await browser?.close();
}
