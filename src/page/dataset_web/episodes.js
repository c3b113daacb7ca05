// The data of the page as episodes with named figures. Series and frames are decoded when they are
// first shown, so that thousands of episodes open at once.

const data = JSON.parse($('data').textContent);
const ENDINGS = ['open', 'terminated', 'truncated'];
const LANE_RANGE = 0.4; // what the largest byte of a series stands for [m]
const UNKNOWN = -128;

// The figures in the order in which the program writes them (dataset_page.c), with the words and
// digits with which they are shown.
const FIGURES = [
  { key: 'difference', name: '|action − expert|', digits: 3, unit: '' },
  { key: 'differenceMax', name: 'largest', digits: 2, unit: '' },
  { key: 'jerk', name: 'jerk', digits: 1, unit: '/s' },
  { key: 'standing', name: 'standing still', digits: 2, unit: 's' },
  { key: 'laneMean', name: 'lane distance', digits: 1, unit: 'cm', scale: 100 },
  { key: 'laneMax', name: 'largest dist.', digits: 1, unit: 'cm', scale: 100 },
  { key: 'speed', name: 'speed', digits: 2, unit: 'm/s' },
  { key: 'reward', name: 'reward', digits: 0, unit: '' },
  { key: 'outlier', name: 'outlier', digits: 1, unit: '' },
];

class Episode {
  constructor(number, { figures, series, frames }) {
    const [steps, ending, ...rest] = figures;
    Object.assign(this, { number, steps, ending: ENDINGS[ending], packed: series, frames });
    FIGURES.forEach(({ key }, k) => {
      this[key] = rest[k] ?? NaN;
    });
    [this.quantity, this.map, this.timeStep, this.seed, this.streamNumber] = rest.slice(FIGURES.length);
  }

  // Five arrays of numbers: executed left and right, expert's left and right, lane distance [m].
  get series() {
    const bytes = new Int8Array(bytesFromBase64(this.packed).buffer), points = bytes.length / 5;
    return [0, 1, 2, 3, 4].map(k => Array.from(bytes.subarray(k * points, (k + 1) * points),
      byte => byte === UNKNOWN ? NaN : byte / 127 * (k === 4 ? LANE_RANGE : 1)));
  }
}

const episodes = data.episodes.map((each, number) => new Episode(number, each));

function figureText(episode, { key, digits, unit, scale = 1 }) {
  const text = fixed(episode[key] * scale, digits);
  return Number.isFinite(episode[key]) && unit ? `${text} ${unit}` : text;
}
