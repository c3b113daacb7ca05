// Traffic on any map: cars and pedestrians that are added to its straight tiles. The map that
// results is one of its own, with its text, so that drives on it can be saved.

// [name, words, cars, pedestrians]
const TRAFFIC = [['as-is', 'none added', 0, 0], ['cars-1', '1 car', 1, 0], ['cars-3', '3 cars', 3, 0],
  ['duckies-2', '2 pedestrians', 0, 2], ['both', '2 cars, 2 pedestrians', 2, 2]];

// Straight tiles: [column, row, whether they lead along the rows].
function straightTiles(tree) {
  const found = [];
  tree.tiles.forEach((row, j) => row.forEach((tile, i) => {
    const [kind, direction] = String(tile).split('/');
    if (kind === 'straight')
      found.push([i, j, direction === 'E' || direction === 'W']);
  }));
  return found;
}

// On the right-hand lane of a tile, driving up or down its direction.
function carOn([i, j, along], back) {
  const lane = back ? 0.25 : 0.75;
  return {
    kind: 'duckiebot', static: 'false', height: '0.12',
    pos: (along ? [i + 0.5, j + lane] : [i + lane, j + 0.5]).map(String),
    rotate: String(along ? back ? 180 : 0 : back ? 270 : 90),
  };
}

// Beside the road, walking across it.
function duckieOn([i, j, along]) {
  return {
    kind: 'duckie', static: 'false', height: '0.08',
    pos: (along ? [i + 0.5, j + 1.15] : [i + 1.15, j + 0.5]).map(String),
    rotate: along ? '90' : '180',
  };
}

// The map's tree with traffic of a kind, as JSON text; null if it has no straight tile, or its tiles
// are not a table.
function treeWithTraffic(text, kind) {
  const tree = JSON.parse(text), [, , cars, duckies] = TRAFFIC.find(([name]) => name === kind);
  const tiles = Array.isArray(tree.tiles) ? straightTiles(tree) : [];
  const listed = Array.isArray(tree.objects);
  const objects = tree.objects === undefined || tree.objects === '' ? {} : tree.objects;
  if (tiles.length === 0 || cars + duckies === 0)
    return null;
  for (let k = 0; k < cars + duckies; k++) {
    const tile = tiles[Math.floor((k + 0.5) / (cars + duckies) * tiles.length)];
    const object = k < cars ? carOn(tile, k % 2 === 1) : duckieOn(tile);
    if (listed)
      objects.push(object);
    else
      objects['traffic' + (k + 1)] = object;
  }
  return JSON.stringify({ ...tree, objects });
}
