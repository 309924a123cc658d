//! The HTML pages of the photo service and of the client that prints photos.

/// The name of the authorization server on its pages.
pub const SERVICE: &str = "Photos";
/// The name of the client on its pages.
pub const CLIENT: &str = "Photo Printer";

/// The site of a page: its name, and the CSS class with its colours.
type Site = (&'static str, &'static str);
const AT_SERVICE: Site = (SERVICE, "service");
const AT_CLIENT: Site = (CLIENT, "client");

const STYLE: &str = "
:root {
    color-scheme: light dark;
    --page: #f2f4f7; --card: #fff; --ink: #1a1f29; --soft: #545c6b; --line: #dde1e8;
    --edge: #7b8493; --wash: #f2f4f7;
    --accent: #2c4bc9; --deep: #213aa0; --on-accent: #fff; --alarm: #a11d1a; --alarm-wash: #fdeeed;
}
.client { --accent: #0b6a57; --deep: #084f41; }
@media (prefers-color-scheme: dark) {
    :root {
        --page: #101217; --card: #191c23; --ink: #eceef3; --soft: #a8afbc; --line: #31363f;
        --edge: #767e8d;
        --wash: #22262f; --accent: #a9b9ff; --deep: #c5d0ff; --on-accent: #121a3d; --alarm: #ffb4ab;
        --alarm-wash: #3a1d1c;
    }
    .client { --accent: #7cd6c0; --deep: #a4e8d7; --on-accent: #05241d; }
}
*, ::before { box-sizing: border-box; }
body {
    margin: 0; padding: 1.5rem 1.25rem 3rem; background: var(--card); color: var(--ink);
    font: 1rem/1.55 system-ui, sans-serif; overflow-wrap: anywhere; -webkit-text-size-adjust: 100%;
}
header, main { max-width: 28rem; margin-inline: auto; }
header {
    display: flex; align-items: center; gap: .625rem; margin-bottom: 2.25rem; font-weight: 600;
}
header::before {
    content: ''; flex: none; width: 1.75rem; height: 1.75rem; border-radius: .5rem;
    background: radial-gradient(circle, var(--accent) 22%, var(--card) 26% 38%, var(--accent) 42%);
}
h1 {
    margin: 0 0 .5rem; font-size: 1.625rem; line-height: 1.25; font-weight: 650; text-wrap: balance;
}
h2 { margin: 2rem 0 .75rem; font-size: 1rem; line-height: 1.4; font-weight: 600; }
p { margin: 0 0 1rem; text-wrap: pretty; }
main > :last-child { margin-bottom: 0; }
.soft { color: var(--soft); }
.after { margin: 1.5rem 0 0; font-size: .9375rem; }
.problem {
    margin: 1.5rem 0 0; padding: .75rem 1rem; border-left: .25rem solid var(--alarm);
    border-radius: .25rem;
    background: var(--alarm-wash); color: var(--alarm);
}
form, .actions { margin-top: 1.75rem; }
label { display: block; margin-bottom: .375rem; font-weight: 600; }
input {
    width: 100%; min-height: 3rem; margin-bottom: 1.25rem; padding: .5rem .875rem;
    border: 1px solid var(--edge);
    border-radius: .5rem; background: var(--card); color: inherit; font: inherit;
}
.code {
    font: 600 1.5rem/1.4 ui-monospace, monospace; letter-spacing: .1em; text-transform: uppercase;
}
p.code {
    margin: 1.5rem 0; padding: 1rem; border-radius: .5rem; background: var(--wash);
    text-align: center;
}
ul { margin: 0; padding: 0; list-style: none; border-block: 1px solid var(--line); }
li { padding: .75rem 0; }
li + li { border-top: 1px solid var(--line); }
code, pre { font: .875rem/1.55 ui-monospace, monospace; }
li code { display: block; }
pre {
    margin: 0; padding: 1rem; border-radius: .5rem; background: var(--wash); white-space: pre-wrap;
}
.actions {
    display: grid; grid-template-columns: repeat(auto-fit, minmax(8.5rem, 1fr)); gap: .75rem;
}
.button {
    display: block; width: 100%; min-height: 3rem; padding: .6875rem 1.25rem;
    border: 1px solid var(--edge);
    border-radius: .5rem; background: var(--card); color: inherit; font: inherit; font-weight: 600;
    text-align: center;
    text-decoration: none; cursor: pointer;
}
.button:hover { background: var(--wash); }
.primary { border-color: var(--accent); background: var(--accent); color: var(--on-accent); }
.primary:hover { border-color: var(--deep); background: var(--deep); }
:focus-visible { outline: .1875rem solid var(--accent); outline-offset: .1875rem; }
input:focus-visible { outline-offset: -1px; border-color: transparent; }
@media (min-width: 34rem) {
    body { padding: clamp(2rem, 10vh, 7rem) 2rem 4rem; background: var(--page); }
    header, main { max-width: 30rem; }
    header { margin-bottom: 1.25rem; padding-inline: .25rem; }
    main {
        padding: 2.5rem; border: 1px solid var(--line); border-radius: 1rem;
        background: var(--card);
    }
}
";

const DECISION: &str = r#"<div class="actions">
<button class="button primary" name="decision" value="allow">Allow</button>
<button class="button" name="decision" value="deny">Deny</button>
</div>"#;

const SIGN_OUT: &str = r#"<button class="button">Sign out</button>"#;

/// The title of a page for an unexpected error.
pub const DID_NOT_WORK: &str = "That did not work";

/// Returns the login page. If the client's name is empty, the page does not say where the user
/// continues.
pub fn login(
    action: &str,
    hidden: &[(&str, &str)],
    client_name: &str,
    problem: Option<&str>,
) -> String {
    let purpose = match client_name {
        "" => String::new(),
        name => format!(r#"<p class="soft">to continue to {}</p>"#, isolated(name)),
    };
    let (problem, described) = problem_and_reference(problem);
    let fields = format!(
        r#"<label for="username">User name</label>
<input id="username" name="username" autocomplete="username" autocapitalize="none"
 spellcheck="false"{described} required autofocus>
<label for="password">Password</label>
<input id="password" name="password" type="password" autocomplete="current-password"{described}
 required>
<button class="button primary">Sign in</button>"#
    );
    let form = form(action, hidden, &fields);
    document(
        AT_SERVICE,
        &alerting("Sign in", &problem),
        &format!("<h1>Sign in</h1>\n{purpose}\n{problem}\n{form}"),
    )
}

/// Returns the consent page. `destination` is the place to which the browser is sent afterwards.
pub fn consent(
    action: &str,
    hidden: &[(&str, &str)],
    client_name: &str,
    user: &str,
    scopes: &[(&str, &str)],
    destination: &str,
) -> String {
    let content = format!(
        r#"<h1>{client} asks for access</h1>
<p class="soft">You are signed in as {user}.</p>
{scopes}
{form}
<p class="soft after">Either way, you return to {destination}.</p>"#,
        client = isolated(client_name),
        user = emphasized(user),
        scopes = permissions(scopes),
        form = form(action, hidden, DECISION),
        destination = emphasized(destination),
    );
    document(AT_SERVICE, "Allow access?", &content)
}

/// Returns the page that asks for the code on a device (RFC 8628 §3.3). The code is shown in
/// capitals only by the style.
pub fn user_code(
    action: &str,
    hidden: &[(&str, &str)],
    problem: Option<&str>,
    prefilled: &str,
) -> String {
    let (problem, described) = problem_and_reference(problem);
    let fields = format!(
        r#"<label for="user_code">Code</label>
<input class="code" id="user_code" name="user_code" value="{}" inputmode="text" autocomplete="off"
 autocapitalize="characters" spellcheck="false"{described} required autofocus>
<button class="button primary">Continue</button>"#,
        escape(prefilled)
    );
    let content = format!(
        "<h1>Connect a device</h1>\n<p class=\"soft\">Enter the code that your device \
         shows.</p>\n{problem}\n{}",
        form(action, hidden, &fields)
    );
    document(AT_SERVICE, &alerting("Connect a device", &problem), &content)
}

/// Returns the page that asks whether the user holds the device, since an attacker may have sent
/// the link (RFC 8628 §5.4).
pub fn device_consent(
    action: &str,
    hidden: &[(&str, &str)],
    client_name: &str,
    user_code: &str,
    scopes: &[(&str, &str)],
) -> String {
    let content = format!(
        r#"<h1>Is this the code on your device?</h1>
<p class="code">{code}</p>
<p>Allow access only if you hold the device, and it shows this code. If you received the code
from another person, choose “Deny”.</p>
<p>{client} on the device asks for access.</p>
{scopes}
{form}"#,
        code = isolated(user_code),
        client = emphasized(client_name),
        scopes = permissions(scopes),
        form = form(action, hidden, DECISION),
    );
    document(AT_SERVICE, "Connect this device?", &content)
}

/// Returns a page with a final message.
pub fn message(title: &str, text: &str) -> String {
    document(AT_SERVICE, title, &format!("<h1>{}</h1>\n<p>{}</p>", escape(title), escape(text)))
}

/// Returns the start page of the client.
pub fn client_home(sign_in_href: &str) -> String {
    let content = format!(
        r#"<h1>Your photos, on paper</h1>
<p>{CLIENT} fetches your albums from {SERVICE}. You sign in there, and your password stays
there.</p>
{}"#,
        link("button primary", sign_in_href, &format!("Sign in with {SERVICE}"))
    );
    document(AT_CLIENT, "Welcome", &content)
}

/// Returns the page of a signed-in user. `action` and `hidden` belong to the sign-out form.
pub fn client_signed_in(
    action: &str,
    hidden: &[(&str, &str)],
    user: &str,
    scopes: &[&str],
    api_answer_json: &str,
) -> String {
    let scopes = match scopes {
        [] => "<p>No particular permission.</p>".to_owned(),
        _ => list(scopes.iter().map(|scope| format!("<code>{}</code>", escape(scope)))),
    };
    let content = format!(
        r#"<h1>Hello, {user}</h1>
<p class="soft">You are signed in.</p>
<h2>What you allowed</h2>
{scopes}
<h2>What {SERVICE} answered</h2>
<pre>{answer}</pre>
{sign_out}"#,
        user = isolated(user),
        answer = escape(api_answer_json),
        sign_out = form(action, hidden, SIGN_OUT),
    );
    document(AT_CLIENT, "Signed in", &content)
}

/// Returns an error page for a signed-in user, with the sign-out form.
pub fn client_failed(action: &str, hidden: &[(&str, &str)], text: &str) -> String {
    let sign_out = form(action, hidden, SIGN_OUT);
    document(
        AT_CLIENT,
        DID_NOT_WORK,
        &format!("<h1>{DID_NOT_WORK}</h1>\n<p>{}</p>\n{sign_out}", escape(text)),
    )
}

/// Returns an error page with a link to the start page.
pub fn client_problem(title: &str, text: &str) -> String {
    let back = link("button", "./", "Back to the start");
    document(
        AT_CLIENT,
        title,
        &format!("<h1>{}</h1>\n<p>{}</p>\n{back}", escape(title), escape(text)),
    )
}

fn document((site, class): Site, title: &str, content: &str) -> String {
    format!(
        r#"<!DOCTYPE html>
<html lang="en" class="{class}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title} – {site}</title>
<style>{STYLE}</style>
</head>
<body>
<header>{site}</header>
<main>
{content}
</main>
</body>
</html>
"#,
        title = escape(title)
    )
}

fn form(action: &str, hidden: &[(&str, &str)], fields: &str) -> String {
    let field = |(name, value): &(&str, &str)| {
        format!("<input type=\"hidden\" name=\"{}\" value=\"{}\">\n", escape(name), escape(value))
    };
    let hidden: String = hidden.iter().map(field).collect();
    format!("<form method=\"post\" action=\"{}\">\n{hidden}{fields}\n</form>", escape(action))
}

/// Returns the line with the error, and the attributes by which a field refers to this line.
fn problem_and_reference(problem: Option<&str>) -> (String, &'static str) {
    match problem {
        None => (String::new(), ""),
        Some(text) => (
            format!(r#"<p class="problem" id="problem" role="alert">{}</p>"#, escape(text)),
            r#" aria-invalid="true" aria-describedby="problem""#,
        ),
    }
}

/// Marks the title after an error, because screen readers read the title first.
fn alerting(title: &str, problem: &str) -> String {
    if problem.is_empty() { title.to_owned() } else { format!("Problem: {title}") }
}

fn permissions(scopes: &[(&str, &str)]) -> String {
    if scopes.is_empty() {
        return "<p>It asks for no particular permission.</p>".to_owned();
    }
    let item = |(name, text): &(&str, &str)| {
        format!(r#"{} <code class="soft">{}</code>"#, escape(text), escape(name))
    };
    format!("<h2>What it could do</h2>\n{}", list(scopes.iter().map(item)))
}

/// Returns a list of HTML items. Without the role, some browsers do not treat a list without
/// bullets as a list.
fn list(items: impl Iterator<Item = String>) -> String {
    let items: String = items.map(|item| format!("<li>{item}</li>\n")).collect();
    format!("<ul role=\"list\">\n{items}</ul>")
}

fn link(class: &str, href: &str, text: &str) -> String {
    format!(
        r#"<p class="actions"><a class="{class}" href="{}">{}</a></p>"#,
        escape(href),
        escape(text)
    )
}

fn emphasized(text: &str) -> String {
    format!("<strong>{}</strong>", isolated(text))
}

/// Returns a name from a third party, isolated so that its text direction does not change the text
/// around it.
fn isolated(text: &str) -> String {
    format!("<bdi>{}</bdi>", escape(text))
}

/// Escapes a text for an element or a quoted attribute.
fn escape(text: &str) -> String {
    // The ampersand is first, since the other escapes contain one.
    let escapes = [('&', "&amp;"), ('<', "&lt;"), ('>', "&gt;"), ('"', "&quot;"), ('\'', "&#39;")];
    escapes
        .iter()
        .fold(text.to_owned(), |text, (character, escape)| text.replace(*character, escape))
}
