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
  return Uint8Array.from(atob(text), letter => letter.charCodeAt(0));
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
