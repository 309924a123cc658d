// Jane signs in at a client in Chromium, with the width of a phone and only by the keyboard. She allows access in one
// visit, and denies it in another. The arguments are the URL of the client, a directory for screenshots, Jane's
// password, the name of the client, and the scopes that the client requests. Each check prints a line of JSON. The
// script ends at the first check that fails.

import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import { chromium } from 'playwright-core';

const [clientUrl, screenshots, password, clientName, ...scopes] = process.argv.slice(2);
const USER = 'jane';
const PHONE = { width: 375, height: 740 };
const NARROW = { width: 320, height: 640 };
// More than the focusable elements of each page.
const TABS = 12;
const LIMIT = 120_000;
const CHROMIUM = {
    executablePath: '/usr/bin/chromium',
    headless: true,
    args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
        '--disable-component-update', '--disable-sync'],
};

// The current visit, for the output of the checks.
let visit = 'Jane has a browser';

function say(what, ok, why) {
    process.stdout.write(`${JSON.stringify({ check: `${visit}: ${what}`, ok, why })}\n`);
}

function check(what, ok, why) {
    if (!ok) {
        throw Object.assign(new Error(why), { check: what });
    }
    say(what, true);
}

// Fails with the message of the browser when the promise times out.
async function checkThat(what, promise) {
    await promise.catch((error) => check(what, false, error.message));
    check(what, true);
}

// Moves the focus to the target by the keyboard, and checks that the focus is visible.
async function tabTo(page, what, target) {
    await checkThat(`${what} is there`, target.waitFor());
    const focused = () => target.evaluate((element) => element === document.activeElement);
    for (let tabs = 0; tabs < TABS && !await focused(); tabs += 1) {
        await page.keyboard.press('Tab');
    }
    check(`${what} is reached by the keyboard`, await focused(), `not within ${TABS} tabs`);
    const outline = await target.evaluate((element) => getComputedStyle(element).outlineStyle);
    check(`${what} shows that it has the focus`, outline !== 'none', 'it has no outline');
}

async function press(page, what, target) {
    await tabTo(page, what, target);
    await page.keyboard.press('Enter');
}

async function type(page, what, target, text) {
    await tabTo(page, what, target);
    await page.keyboard.type(text);
}

async function looks(page, what) {
    // If the content security policy blocked the style sheet, the page would have no maximum width.
    const width = await page.getByRole('main').evaluate((element) => getComputedStyle(element).maxWidth);
    check(`${what} has its style`, width !== 'none', 'the style does not apply');
    for (const viewport of [NARROW, PHONE]) {
        await page.setViewportSize(viewport);
        const over = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
        check(`${what} fits into ${viewport.width} px`, over <= 0, `it is ${over} px too wide`);
    }
}

const shoot = (page, name) => page.screenshot({ path: join(screenshots, `${name}.png`), fullPage: true });

function button(page, name) {
    return page.getByRole('button', { name, exact: true });
}

async function namesScopes(page, what) {
    for (const scope of scopes) {
        const named = page.getByRole('listitem').getByText(scope, { exact: true });
        await checkThat(`${what} names the scope ${scope}`, named.waitFor());
    }
}

// Opens the client and signs in, up to the consent page of the server.
async function signIn(page) {
    await page.goto(clientUrl);
    await looks(page, "the client's page");
    await press(page, 'the link to sign in', page.getByRole('link', { name: /^Sign in/ }));

    const userName = page.getByRole('textbox', { name: 'User name', exact: true });
    await checkThat('the login page is there', userName.waitFor());
    await looks(page, 'the login page');
    await shoot(page, 'login');
    await type(page, 'the field for the user name', userName, USER);
    await type(page, 'the field for the password', page.getByLabel('Password', { exact: true }), password);
    await press(page, 'the button to sign in', button(page, 'Sign in'));

    await checkThat('the consent page is there', button(page, 'Allow').waitFor());
    const heading = page.getByRole('heading', { level: 1 }).filter({ hasText: clientName });
    await checkThat("the consent page's heading names the client", heading.waitFor());
    const main = page.getByRole('main').filter({ hasText: USER });
    await checkThat('the consent page says who is signed in', main.waitFor());
    await namesScopes(page, 'the consent page');
    await looks(page, 'the consent page');
    await shoot(page, 'consent');
}

async function isBack(page, what, heading) {
    const banner = page.getByRole('banner').filter({ hasText: clientName });
    await checkThat('the browser is back at a page of the client', banner.waitFor());
    const { origin } = new URL(page.url());
    check("the address is the client's", origin === new URL(clientUrl).origin, `it is at ${origin}`);
    const title = page.getByRole('heading', { level: 1 }).filter({ hasText: heading });
    await checkThat(`the heading ${what}`, title.waitFor());
}

async function saysYes(page) {
    await signIn(page);
    await press(page, 'the button to allow', button(page, 'Allow'));
    await isBack(page, 'greets the user', USER);
    await namesScopes(page, "the client's page");
    await looks(page, 'the page of who has signed in');
    await shoot(page, 'signed-in');
}

async function saysNo(page) {
    await signIn(page);
    await press(page, 'the button to deny', button(page, 'Deny'));
    await isBack(page, 'says that access was denied', /denied/i);
    await looks(page, 'the page of who has denied');
}

// Runs the steps in a new browser context, without cookies.
async function run(browser, name, steps) {
    visit = name;
    const context = await browser.newContext({ viewport: PHONE, colorScheme: 'light' });
    context.setDefaultTimeout(LIMIT);
    const page = await context.newPage();
    try {
        await steps(page);
    } catch (error) {
        await shoot(page, 'failed').catch(() => {});
        throw error;
    }
    await context.close();
}

if (scopes.length === 0) {
    console.error('usage: browser_sign_in.mjs <client URL> <directory> <password> <client name> <scope>...');
    process.exit(2);
}
mkdirSync(screenshots, { recursive: true });
let browser;
try {
    browser = await chromium.launch(CHROMIUM);
    await run(browser, 'Jane says yes', saysYes);
    await run(browser, 'Jane says no', saysNo);
} catch (error) {
    say(error.check ?? 'the browser does as it is told', false, stripVTControlCharacters(error.message));
    process.exitCode = 1;
} finally {
    await browser?.close();
}
