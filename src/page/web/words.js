// Small things that everything else uses: elements, numbers as text, bytes as text.

const $ = id => document.getElementById(id);

// Makes an element. Text is always text: names come from files of others.
function make(tag, properties = {}, ...children) {
  const element = Object.assign(document.createElement(tag), properties);
  element.append(...children);
  return element;
}

function colour(name) {
  return getComputedStyle(document.documentElement).getPropertyValue('--' + name).trim();
}

function fixed(value, digits) {
  if (!Number.isFinite(value))
    return '\u2013';
  const text = value.toFixed(digits);
  return Number(text) === 0 ? text.replace('-', '') : text.replace('-', '\u2212');
}

function clamp(value, least, most) {
  return Math.min(most, Math.max(least, value));
}

function bytesFromBase64(text) {
  const letters = atob(text), bytes = new Uint8Array(letters.length);
  for (let k = 0; k < bytes.length; k++)
    bytes[k] = letters.charCodeAt(k);
  return bytes;
}

function base64FromBytes(bytes) {
  let text = '';
  for (let k = 0; k < bytes.length; k += 0x8000)
    text += String.fromCharCode(...bytes.subarray(k, k + 0x8000));
  return btoa(text);
}

// Sends bytes through a CompressionStream or DecompressionStream.
async function through(stream, bytes) {
  return new Uint8Array(await new Response(new Blob([bytes]).stream().pipeThrough(stream))
    .arrayBuffer());
}

// The data of a page (src/page/writer/page_payload.h): its JSON object; policies get their values.
async function unpackData(text) {
  const packed = bytesFromBase64(text);
  const bytes = await through(new DecompressionStream('deflate'), packed);
  let at = 4 + new DataView(bytes.buffer).getUint32(0, true);
  const data = JSON.parse(new TextDecoder().decode(bytes.subarray(4, at)));
  for (const policy of data.policies) {
    const { count } = policy, values = policy.values = new Uint8Array(4 * count);
    for (let plane = 0; plane < 4; plane++)
      for (let k = 0; k < count; k++)
        values[4 * k + plane] = bytes[at++];
  }
  return data;
}

// "path: value" lines of settings as a map of texts.
function settingsFromLines(text) {
  const settings = new Map();
  for (const line of text.split('\n')) {
    const colon = line.indexOf(':');
    if (colon > 0)
      settings.set(line.slice(0, colon), line.slice(colon + 1).trim());
  }
  return settings;
}
