// The bot beside which BenchmarkProgram measures licensebot: the same way of a request with Bolt for
// JavaScript in Socket Mode. It keeps its requests in memory only.
const { App, LogLevel } = require('@slack/bolt');
const env = process.env;
const channel = env.LICENSEBOT_CHANNEL;
const approvers = env.LICENSEBOT_APPROVERS.split(',');
const base = `${env.UIPATH_URL}/${env.UIPATH_ORGANIZATION}`;
const requests = new Map(); // by the card's ts
let token, until = 0;

const app = new App({
  token: env.SLACK_BOT_TOKEN, appToken: env.SLACK_APP_TOKEN, socketMode: true, logLevel: LogLevel.ERROR,
  clientOptions: { slackApiUrl: env.SLACK_API_URL },
});

async function accessToken() {
  if (Date.now() < until) return token;
  const answer = await fetch(`${base}/identity_/connect/token`, {
    method: 'POST', headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body: new URLSearchParams({ grant_type: 'client_credentials', client_id: env.UIPATH_CLIENT_ID,
      client_secret: env.UIPATH_CLIENT_SECRET, scope: 'PM.License.Read PM.License.Write PM.Group.Read' }),
  });
  const got = await answer.json();
  token = got.access_token;
  until = Date.now() + (got.expires_in - 60) * 1000;
  return token;
}

async function uipath(method, path, body) {
  const answer = await fetch(`${base}${path}`, {
    method, headers: { authorization: `Bearer ${await accessToken()}`, 'content-type': 'application/json' },
    body: body && JSON.stringify(body),
  });
  const text = await answer.text();
  if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${text}`);
  return text ? JSON.parse(text) : {};
}
const groupPath = (group) => `/lease_/api/account/${env.UIPATH_ACCOUNT_ID}/user-license/group/${encodeURIComponent(group)}`;

app.command('/allocate', async ({ command, ack, client }) => {
  const [group, ...codes] = command.text.split(/\s+/);
  await ack({ text: `Your request for ${codes.join(', ')} for ${group} is recorded.` });
  const before = await uipath('GET', groupPath(group));
  const text = `<@${command.user_id}> asks to add ${codes.join(' and ')} to the group ${group}`;
  const card = await client.chat.postMessage({ channel, text,
    blocks: [{ type: 'section', text: { type: 'mrkdwn', text } },
      { type: 'section', text: { type: 'mrkdwn', text: `Unchanged: ${(before.userBundleCodes || []).join(', ') || 'nothing'}` } },
      { type: 'context', elements: [{ type: 'mrkdwn', text: `May approve: ${approvers.map((a) => `<@${a}>`).join(', ')}` }] }] });
  requests.set(card.ts, { group, codes, requester: command.user_id, done: false });
  await client.reactions.add({ channel, timestamp: card.ts, name: 'white_check_mark' });
  await client.reactions.add({ channel, timestamp: card.ts, name: 'x' });
});

app.event('reaction_added', async ({ event, client }) => {
  const request = requests.get(event.item.ts);
  if (!request || request.done || !approvers.includes(event.user) || event.user === request.requester) return;
  if (event.reaction !== 'white_check_mark') return;
  request.done = true;
  const before = await uipath('GET', groupPath(request.group));
  const codes = [...new Set([...(before.userBundleCodes || []), ...request.codes])];
  await uipath('PUT', groupPath(request.group), { userBundleCodes: codes, useExternalLicense: before.useExternalLicense || false });
  const text = `<@${request.requester}> Done: ${request.codes.join(' and ')} added to ${request.group}. Approved by <@${event.user}>.`;
  await client.chat.postMessage({ channel, thread_ts: event.item.ts, text });
  await client.chat.update({ channel, ts: event.item.ts, text,
    blocks: [{ type: 'section', text: { type: 'mrkdwn', text } }] });
});

app.error(async (e) => { console.error(e); });
app.start().catch((e) => { console.error(e); process.exit(1); });
