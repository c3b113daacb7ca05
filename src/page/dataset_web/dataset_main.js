// The page of a dataset: finds, sorts and shows episodes, and keeps the marks. Cards are made when
// they come near the window, and kept.

const BATCH = 24; // cards that are added at a time
const SORTS = [
  { key: 'number', name: 'number', up: true }, { key: 'outlier', name: 'outlier' },
  { key: 'difference', name: '|action − expert|' }, { key: 'jerk', name: 'jerk' },
  { key: 'standing', name: 'standing still' }, { key: 'laneMean', name: 'lane distance' },
  { key: 'speed', name: 'speed' }, { key: 'reward', name: 'reward', up: true },
  { key: 'steps', name: 'length', up: true },
];

const marks = new Marks(numbers => marksChanged(numbers));
const filters = new Filters($('filters'), marks, () => refresh());
const cards = new Map(); // by number
const observer = new IntersectionObserver(entries => {
  for (const { target, isIntersecting } of entries)
    if (isIntersecting)
      cards.get(Number(target.dataset.episode)).build();
}, { rootMargin: '600px' });
let found = [], shown = 0, ascending = true;

function plural(count, noun) {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}

function cardOf(episode) {
  let card = cards.get(episode.number);
  if (!card) {
    card = new Card(episode, marks, filters);
    cards.set(episode.number, card);
    observer.observe(card.element);
  }
  return card;
}

// Sorts what was found; unknown figures come last.
function sorted(list, key) {
  const sign = ascending ? 1 : -1;
  return list.sort((a, b) => {
    const [x, y] = [a[key], b[key]];
    if (Number.isNaN(x) || Number.isNaN(y))
      return Number.isNaN(x) - Number.isNaN(y) || a.number - b.number;
    return sign * (x - y) || a.number - b.number;
  });
}

function showMore() {
  const next = found.slice(shown, shown + BATCH);
  $('cards').append(...next.map(episode => cardOf(episode).element));
  shown += next.length;
  $('end').textContent = shown < found.length ? `${found.length - shown} more follow` :
    `${data.program}. Frames of this page are reduced; the dataset has ${data.width} × ${data.height}.`;
}

// Finds and sorts again.
function refresh() {
  found = sorted(filters.found(), $('sort').value);
  shown = 0;
  $('cards').replaceChildren();
  $('shown').textContent = `${found.length} of ${plural(episodes.length, 'episode')}`;
  $('none').hidden = found.length > 0;
  $('mark-found').disabled = $('unmark-found').disabled = found.length === 0;
  showMore();
  for (const card of cards.values())
    if (card.element.isConnected)
      card.draw();
}

function shellWord(text) {
  return /^[\w./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}

function marksFileName() {
  return data.name.replace(/[^\w.-]+/g, '_') + '-marks.json';
}

function showMarks() {
  const bad = marks.episodes.size, frames = marks.frameCount();
  $('marked').textContent = bad + frames === 0 ? 'Nothing is marked yet.' :
    [bad > 0 ? plural(bad, 'episode') : '', frames > 0 ? `${plural(frames, 'frame')} of ` +
      plural(marks.frames.size, 'episode') : ''].filter(text => text).join(' and ') +
    ' marked' + (marks.saved ? '' : ', not saved');
  $('undo').disabled = marks.past.length === 0;
  $('command').textContent = `imprint data drop ${shellWord(data.name)} --marks ${marksFileName()} ` +
    `--out ${shellWord(data.name + '-clean')}`;
}

// numbers: of the episodes whose marks changed; null: any.
function marksChanged(numbers) {
  showMarks();
  for (const number of numbers ?? cards.keys())
    cards.get(number)?.drawMarks();
  const row = filters.rows.find(each => each.key === 'marked');
  row.count.textContent = episodes.filter(row.finds).length;
}

function report(message) {
  $('problem').hidden = message === '';
  $('problem').textContent = message;
}

function openMarks(text) {
  report('');
  try {
    marks.read(text);
    showMarks();
  } catch (error) {
    report(error.message);
  }
}

function saveMarks() {
  const url = URL.createObjectURL(new Blob([marks.asText()], { type: 'application/json' }));
  make('a', { href: url, download: marksFileName() }).click();
  URL.revokeObjectURL(url);
  marks.saved = true;
  showMarks();
}

function describe() {
  const images = episodes.filter(each => each.frames).length;
  document.title = data.title || data.name;
  $('title').textContent = data.title || data.name;
  const facts = [plural(episodes.length, 'episode'), plural(data.steps, 'step'),
    `driven by ${data.policy === 'several' ? 'several drivers' : data.policy} on ` +
      (data.map === 'several' ? 'several maps' : data.map), `${data.width} × ${data.height}, lens ${data.lens}`];
  if (images < episodes.length)
    facts.push(images === 0 ? 'without frames' :
      `frames of one episode in ${data.every} only, because the page would become too large`);
  $('facts').textContent = facts.join(' · ');
}

function start() {
  describe();
  for (const { key, name } of SORTS)
    $('sort').append(make('option', { value: key, textContent: name }));
  const setDirection = up => {
    ascending = up;
    $('direction').textContent = up ? '↑ least first' : '↓ most first';
  };
  setDirection(true);
  $('sort').onchange = () => {
    setDirection(SORTS.find(each => each.key === $('sort').value).up === true);
    refresh();
  };
  $('direction').onclick = () => {
    setDirection(!ascending);
    refresh();
  };
  $('mark-found').onclick = () => marks.setEpisodes(found.map(each => each.number), true);
  $('unmark-found').onclick = () => marks.setEpisodes(found.map(each => each.number), false);
  $('undo').onclick = () => marks.undo();
  $('save').onclick = saveMarks;
  $('open').onchange = async event => {
    const [file] = event.target.files;
    if (file)
      openMarks(await file.text());
    event.target.value = '';
  };
  document.onkeydown = event => {
    if (event.key === 'u' && !event.ctrlKey && !event.metaKey && event.target.tagName !== 'INPUT')
      marks.undo();
  };
  new IntersectionObserver(entries => {
    if (entries.some(each => each.isIntersecting) && shown < found.length)
      showMore();
  }, { rootMargin: '900px' }).observe($('end'));
  let width = window.innerWidth;
  const redraw = () => cards.forEach(card => card.element.isConnected && card.draw());
  window.onresize = () => {
    if (window.innerWidth !== width)
      redraw();
    width = window.innerWidth;
  };
  matchMedia('(prefers-color-scheme: dark)').onchange = redraw;
  refresh();
  showMarks();
  window.imprint = { data, episodes, marks, filters, openMarks, refresh, found: () => found,
    shown: () => shown };
}

start();
