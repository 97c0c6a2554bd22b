// The status page: asks the relay again and again, and shows what it says. Text from the relay only ever becomes text.
'use strict';
(() => {
  const period = 2000, longestWait = 15000, patience = 10000, mostRows = 200;
  const $ = id => document.getElementById(id);

  // ---- Words and figures, as "wgproxy show" writes them.
  const whole = number => Math.round(number).toLocaleString('en');
  const scaled = (number, step, units) => {
    let unit = 0;
    while (number >= step && unit < units.length - 1) { number /= step; unit++; }
    return `${number.toFixed(unit ? number < 10 ? 2 : number < 100 ? 1 : 0 : 0)} ${units[unit]}`;
  };
  const bytes = number => scaled(number, 1024, ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB']);
  const rate = number => number === null ? '–' : scaled(number * 8, 1000, ['bit/s', 'kbit/s', 'Mbit/s', 'Gbit/s', 'Tbit/s']);
  const few = number => number < 10 ? String(Math.round(number * 10) / 10) : whole(number);
  const span = seconds => {
    let rest = Math.max(0, Math.floor(seconds));
    const parts = [];
    for (const [unit, length] of [['day', 86400], ['h', 3600], ['min', 60], ['s', 1]]) {
      const number = Math.floor(rest / length);
      rest %= length;
      if (number > 0 && parts.length < 2) parts.push(`${number} ${unit}${unit === 'day' && number > 1 ? 's' : ''}`);
      else if (parts.length > 0) break;
    }
    return parts.join(' ') || '0 s';
  };
  const ago = seconds => seconds === null ? 'never' : seconds < 1 ? 'now' : `${span(seconds)} ago`;
  const proofs = mappings => Object.entries(mappings.by_proof).filter(each => each[1] > 0).map(each => `${whole(each[1])} ${each[0].toLowerCase()}`).join(', ');
  const sum = numbers => numbers.reduce((all, each) => all + each, 0);

  // ---- The document. Nodes are kept, so that focus and selections outlast an answer.
  const put = (node, text) => { if (node.textContent !== text) node.textContent = text; };
  const make = (name, attributes = {}, ...inside) => {
    const node = name.startsWith('svg:') ? document.createElementNS('http://www.w3.org/2000/svg', name.slice(4)) : document.createElement(name);
    for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
    node.append(...inside);
    return node;
  };
  const list = (parent, count, create) => {
    while (parent.children.length > count) parent.lastElementChild.remove();
    while (parent.children.length < count) parent.append(create());
    return [...parent.children];
  };

  // Each column: its head, and what a cell says of an item: text, a smaller line, a class.
  const table = (section, columns) => {
    const node = section.querySelector('table'), body = make('tbody', { role: 'rowgroup' }), rows = new Map();
    node.setAttribute('role', 'table');
    const head = make('tr', { role: 'row' }, ...columns.map(column => make('th', { scope: 'col', role: 'columnheader', class: column.is ?? '' }, column.head)));
    node.append(make('thead', { role: 'rowgroup' }, head), body);
    const note = make('small');
    node.caption.append(note);
    const build = () => make('tr', { role: 'row' }, ...columns.map((column, i) => {
      const cell = i ? make('td', { role: 'cell', 'data-label': column.head }) : make('th', { scope: 'row', role: 'rowheader' });
      cell.append(make('span'), make('small'));
      return cell;
    }));
    return (items, keyOf, all) => {
      const shown = items.slice(0, mostRows);
      all ??= items.length;
      put(note, all > shown.length ? `${whole(shown.length)} of ${whole(all)}` : items.length ? whole(items.length) : 'none');
      const left = new Set(rows.keys());
      shown.forEach((item, place) => {
        const key = keyOf(item);
        left.delete(key);
        if (!rows.has(key)) rows.set(key, build());
        const row = rows.get(key);
        columns.forEach((column, i) => {
          const [text, small = '', is = ''] = [column.cell(item)].flat(), cell = row.children[i];
          put(cell.firstChild, String(text));
          put(cell.lastChild, small);
          cell.lastChild.hidden = !small;
          cell.className = `${column.is ?? ''} ${is}`.trim();
        });
        if (body.children[place] !== row) body.insertBefore(row, body.children[place] ?? null);
      });
      for (const key of left) { rows.get(key).remove(); rows.delete(key); }
    };
  };

  const states = { answering: 'is-good', idle: 'is-idle', silent: 'is-bad', unresolved: 'is-warn' };
  const traffic = passed => [rate(passed.now), bytes(passed.bytes)];
  const showServers = table($('servers'), [
    { head: 'Server', is: 'key', cell: server => [server.name, server.public_key] },
    { head: 'Endpoint in use', is: 'wide end', cell: server => [server.endpoint_in_use ?? 'none yet', server.endpoints.map(each => each.name).filter(name => name !== server.endpoint_in_use).join(', ')] },
    { head: 'Health', cell: server => [server.health, server.is_loaded ? 'under load' : '', states[server.health]] },
    { head: 'Mappings', is: 'n', cell: server => [whole(server.mappings.all), proofs(server.mappings)] },
    { head: 'Handshakes', is: 'n', cell: server => whole(server.handshakes) },
    { head: 'Received', is: 'n', cell: server => traffic(server.downlink) },
    { head: 'Sent', is: 'n', cell: server => traffic(server.uplink) },
  ]);
  const showPeers = table($('peers'), [
    { head: 'Peer', cell: peer => peer.name },
    { head: 'Server', cell: peer => peer.server },
    { head: 'Last seen', cell: peer => ago(peer.last_seen_seconds) },
    { head: 'Mappings', is: 'n', cell: peer => whole(peer.mappings) },
    { head: 'Handshakes', is: 'n', cell: peer => whole(peer.handshakes) },
    { head: 'Received', is: 'n', cell: peer => traffic(peer.uplink) },
    { head: 'Sent', is: 'n', cell: peer => traffic(peer.downlink) },
  ]);
  const showSessions = table($('sessions'), [
    { head: 'Client', cell: each => each.peer ? [each.peer, each.client] : each.client },
    { head: 'Server', cell: each => [each.server ?? 'served no more', each.server_address] },
    { head: 'Proof', cell: each => [each.proof.toLowerCase(), each.is_unanswered ? 'unanswered' : '', each.is_unanswered ? 'is-warn' : ''] },
    { head: 'Upstream port', is: 'n', cell: each => String(each.upstream_port) },
    { head: 'Received', is: 'n', cell: each => bytes(each.uplink_bytes) },
    { head: 'Sent', is: 'n', cell: each => bytes(each.downlink_bytes) },
    { head: 'Last seen', cell: each => [ago(each.last_valid_seconds), `ends in ${span(each.expires_seconds)}`] },
  ]);
  // Datagrams of the last hour by verdict; null before its first step has ended.
  let lately = null;
  const showDrops = table($('drops'), [
    { head: 'Reason', cell: drop => drop.verdict },
    { head: 'Meaning', is: 'wide', cell: drop => [drop.meaning, drop.servers] },
    { head: 'From clients', is: 'n', cell: drop => whole(drop.uplink) },
    { head: 'From servers', is: 'n', cell: drop => whole(drop.downlink) },
    { head: 'Last hour', is: 'n', cell: drop => lately === null ? '–' : whole(drop.lately) },
  ]);

  // ---- Graphs. One kind has a series above zero and one below; the other stacks its series.
  const graphs = [];
  const graph = (title, kind, format, series) => {
    const of = make('small'), legend = make('ul', { class: 'legend' });
    const svg = make('svg:svg', { role: 'img', tabindex: '0', class: kind });
    $('graphs').append(make('figure', {}, make('figcaption', {}, make('h3', {}, title), of), legend, svg));
    let drawn = null, cursor = null;

    const draw = () => {
      svg.replaceChildren();
      const width = Math.round(svg.clientWidth), height = Math.round(svg.clientHeight);
      if (!drawn || !width) return;
      const { times, ends, all, range } = drawn, stacked = kind === 'stack', count = times.length;
      const above = [], below = [];
      for (let i = 0; i < count; i++) {
        above[i] = stacked ? sum(all.map(each => each.values[i])) : all[0].values[i];
        below[i] = stacked ? 0 : all[1].values[i];
      }
      // Round numbers at the edges, in the unit that is shown. Both halves of a mirror have one scale, and as much room as each needs.
      const unit = drawn.unit ?? 1;
      const nice = least => { const ten = 10 ** Math.floor(Math.log10(least * unit)); return [1, 1.5, 2, 3, 4, 5, 6, 8, 10].map(each => each * ten).find(each => each >= least * unit * 0.999) / unit; };
      const top = nice(Math.max(...above, drawn.least)), bottom = stacked ? 0 : nice(Math.max(...below, drawn.least));
      const room = height - 26, base = 8 + room * top / (top + bottom);
      const x = time => width - 1 - time / range * (width - 2), y = value => base - value / (top + bottom) * room;
      const line = (level, is) => svg.append(make('svg:line', { x1: 0, x2: width, y1: level, y2: level, class: is }));
      const word = (at, level, text, anchor) => svg.append(make('svg:text', { x: at, y: level, 'text-anchor': anchor }, text));
      for (const value of stacked ? [top / 2, top] : [top, -bottom]) line(y(value), 'grid');
      line(base, 'zero');
      for (const part of [1, 0.5, 0]) word(part === 1 ? 0 : part ? width / 2 : width, height - 4, part ? `${few(range * part / 60)} min ago` : 'now', part === 1 ? 'start' : part ? 'middle' : 'end');
      const area = (lower, upper, place) => {
        const edge = (values, order) => order.map(i => `${x(ends[i]).toFixed(1)} ${y(values[i]).toFixed(1)}`);
        const forth = [...ends.keys()], back = [...forth].reverse();
        svg.append(make('svg:path', { class: `area s${place}`, d: `M${[...edge(upper, forth), ...edge(lower, back)].join('L')}Z` }));
      };
      const zeros = new Array(count + 1).fill(0);
      let lower = zeros;
      if (count > 0) all.forEach((each, place) => {
        // The first step begins with what it has at its end.
        const values = [each.values[0], ...each.values];
        const upper = stacked ? values.map((value, i) => lower[i] + value) : values.map(value => place ? -value : value);
        area(stacked ? lower : zeros, upper, place);
        lower = upper;
      });
      word(2, y(top) + 11, format(top), 'start');
      if (y(-bottom) - base > 18) word(2, y(-bottom) - 4, format(bottom), 'start');
      if (cursor !== null && count) svg.append(make('svg:line', { class: 'at', x1: x(times[cursor]), x2: x(times[cursor]), y1: 0, y2: height - 18 }));
      tell();
    };

    const tell = () => {
      const { times, all } = drawn, at = cursor ?? times.length - 1;
      put(of, times.length === 0 ? 'begins' : cursor === null ? 'now' : new Date(drawn.ended - times[at] * 1000).toLocaleTimeString());
      list(legend, all.length, () => make('li', {}, make('i'), make('span'), make('b'))).forEach((item, place) => {
        item.className = `s${place}`;
        put(item.children[1], `${all[place].name} `);
        put(item.children[2], times.length ? format(all[place].values[at]) : '–');
      });
      const words = all.map(each => `${each.name}: ${times.length ? `${format(each.values[at])}, at most ${format(Math.max(...each.values))}` : 'nothing yet'}`);
      svg.setAttribute('aria-label', `${title}, ${of.textContent}. ${words.join('. ') || 'None.'}`);
    };

    const move = to => { cursor = to === null || !drawn?.times.length ? null : Math.max(0, Math.min(drawn.times.length - 1, to)); draw(); };
    svg.addEventListener('pointermove', event => {
      if (!drawn) return;
      const box = svg.getBoundingClientRect(), time = (1 - (event.clientX - box.left) / box.width) * drawn.range;
      let near = 0;
      drawn.times.forEach((each, i) => { if (Math.abs(each - time) < Math.abs(drawn.times[near] - time)) near = i; });
      move(near);
    });
    svg.addEventListener('pointerleave', () => move(null));
    svg.addEventListener('blur', () => move(null));
    svg.addEventListener('keydown', event => {
      const last = (drawn?.times.length ?? 0) - 1, at = cursor ?? last;
      const to = { ArrowLeft: at - 1, ArrowRight: at + 1, PageUp: at - 30, PageDown: at + 30, Home: 0, End: last, Escape: null }[event.key];
      if (to === undefined) return;
      event.preventDefault();
      move(to);
    });
    new ResizeObserver(draw).observe(svg);
    graphs.push((history, times, ends, range) => {
      const stepsBefore = cursor === null ? null : drawn.times.length - cursor;
      drawn = { times, ends, range, ended: Date.parse(history.ended), ...series(history) };
      move(stepsBefore === null ? null : times.length - stepsBefore);
    });
  };

  const perSecond = (history, values) => values.map((value, i) => value / history.seconds[i]);
  const perMinute = (history, values) => values.map((value, i) => value / history.seconds[i] * 60);
  graph('Traffic', 'mirror', rate, history => ({ unit: 8, least: 125, all: [
    { name: 'to clients', values: perSecond(history, history.downlink.bytes) },
    { name: 'to servers', values: perSecond(history, history.uplink.bytes) },
  ] }));
  graph('Mappings', 'stack', few, history => ({ least: 1, all:
    ['Confirmed', 'Established', 'Answered', 'Claimed', 'Asked', 'Lingering'].filter(proof => history.mappings[proof]).map(proof => ({ name: proof.toLowerCase(), values: history.mappings[proof] })),
  }));
  graph('Handshakes', 'mirror', value => `${few(value)}/min`, history => ({ least: 1, all: [
    { name: 'initiations', values: perMinute(history, history.initiations) },
    { name: 'responses', values: perMinute(history, history.responses) },
  ] }));
  graph('Drops', 'stack', value => `${few(value)}/s`, history => {
    const reasons = Object.entries(history.drops), all = reasons.slice(0, 5).map(([name, values]) => ({ name, values: perSecond(history, values) }));
    const rest = reasons.slice(5).map(each => each[1]);
    if (rest.length) all.push({ name: 'others', values: perSecond(history, rest[0].map((_, i) => sum(rest.map(each => each[i])))) });
    return { least: 0.1, all };
  });

  const showHistory = history => {
    const times = [];
    let time = Math.max(0, (Date.parse(history.now) - Date.parse(history.ended)) / 1000) || 0;
    for (let i = history.seconds.length - 1; i >= 0; i--) { times[i] = time; time += history.seconds[i]; }
    const range = Math.min(3600, Math.max(600, Math.ceil(time / 600) * 600));
    for (const each of graphs) each(history, times, [Math.min(time, range), ...times], range);
    const chosen = $('of').value, names = history.servers;
    list($('of'), names.length + 1, () => make('option')).forEach((option, i) => {
      if (i === 0) return;
      put(option, names[i - 1]);
      option.value = names[i - 1];
    });
    $('of').value = names.includes(chosen) ? chosen : '';
  };

  // ---- One round of questions, and what they say.
  let before = null;
  const rateOf = (now, then, seconds) => then !== null && seconds > 0 ? Math.max(0, now - then) / seconds : null;

  const withRates = (items, earlier, seconds, keyOf) => {
    const old = new Map((earlier ?? []).map(each => [keyOf(each), each]));
    for (const item of items) for (const way of ['uplink', 'downlink']) {
      const passed = item[way];
      passed.now = rateOf(passed.bytes, old.get(keyOf(item))?.[way].bytes ?? null, seconds) ?? passed.bytes_per_second ?? null;
    }
  };

  // Whoever was heard in the same minute stands in the order of names: rows that jump cannot be read.
  const minutes = seconds => seconds === null ? Infinity : Math.floor(seconds / 60);

  const show = answers => {
    const { status, servers, peers, sessions, drops } = answers;
    const isSame = before?.status.started === status.started;
    const seconds = isSame ? (Date.parse(status.now) - Date.parse(before.status.now)) / 1000 : 0;
    withRates([status], isSame ? [before.status] : [], seconds, () => '');
    withRates(servers, isSame ? before.servers : [], seconds, each => each.name);
    withRates(peers, isSame ? before.peers : [], seconds, each => `${each.server}\n${each.public_key}`);
    const dropped = status.uplink.dropped + status.downlink.dropped;
    const droppedNow = isSame ? rateOf(dropped, before.status.uplink.dropped + before.status.downlink.dropped, seconds) : null;
    before = answers;

    put($('version'), status.version);
    put($('relay'), `Listening on ${status.listening.join(', ') || 'nothing'}. Running for ${span(status.uptime_seconds)}, engine ${status.engine}, ${status.workers} ${status.workers === 1 ? 'worker' : 'workers'}.`);
    document.title = `wgproxy: ${whole(status.mappings.all)} ${status.mappings.all === 1 ? 'mapping' : 'mappings'}`;
    $('warnings').hidden = status.warnings.length === 0;
    list($('warnings').querySelector('ul'), status.warnings.length, () => make('li')).forEach((item, i) => put(item, status.warnings[i]));

    const load = status.load;
    const tiles = [
      ['To clients', rate(status.downlink.now), `${bytes(status.downlink.bytes)} in all`],
      ['To servers', rate(status.uplink.now), `${bytes(status.uplink.bytes)} in all`],
      ['Mappings', whole(status.mappings.all), `${proofs(status.mappings) || 'none'}; at most ${whole(status.limits.mappings)}`],
      ['Dropped', droppedNow === null ? '–' : `${few(droppedNow)}/s`, `${whole(dropped)} in all`],
      ['Load', load.is_loaded ? 'cookies' : 'normal', `${whole(load.asked)} unanswered; from ${whole(load.loaded_from)} on, strangers must show cookies${load.loaded_servers ? `; ${load.loaded_servers} servers are loaded` : ''}`],
      ['Longest turn', `${(status.pauses.longest_turn_seconds * 1000).toFixed(2)} ms`, 'in the last two minutes'],
    ];
    list($('now'), tiles.length, () => make('div', {}, make('dt'), make('dd'), make('dd'))).forEach((tile, i) => tiles[i].forEach((text, part) => put(tile.children[part], text)));

    showServers(servers, each => each.name, status.servers);
    $('peers').hidden = $('to-peers').hidden = peers.length === 0;
    showPeers(peers.sort((a, b) => minutes(a.last_seen_seconds) - minutes(b.last_seen_seconds) || a.name.localeCompare(b.name)), each => `${each.server}\n${each.public_key}`);
    $('sessions').hidden = $('to-sessions').hidden = !sessions;
    const found = sessions?.sessions ?? [], order = $('sort').value, name = each => `${each.peer ?? ''} ${each.client}`;
    if (order !== 'traffic') found.sort((a, b) => minutes(a[`${order}_seconds`]) - minutes(b[`${order}_seconds`]) || (a.peer === null) - (b.peer === null) || name(a).localeCompare(name(b)));
    showSessions(found, each => `${each.client} ${each.upstream_port}`, sessions?.matching);

    const reasons = new Map();
    for (const each of drops.drops) {
      if (!reasons.has(each.verdict)) reasons.set(each.verdict, { verdict: each.verdict, meaning: drops.verdicts[each.verdict] ?? '', uplink: 0, downlink: 0, lately: lately?.[each.verdict] ?? 0, of: [] });
      const reason = reasons.get(each.verdict);
      if (each.server === null) reason[each.direction] += each.datagrams;
      else reason.of.push(each);
    }
    for (const reason of reasons.values()) {
      const of = reason.of.sort((a, b) => b.datagrams - a.datagrams);
      reason.servers = of.slice(0, 3).map(each => `${each.server}: ${whole(each.datagrams)}`).join(', ') + (of.length > 3 ? ', …' : '');
    }
    showDrops([...reasons.values()].sort((a, b) => b.lately - a.lately || b.uplink + b.downlink - a.uplink - a.downlink), each => each.verdict);
    const faults = Object.entries(status.faults).filter(each => each[1] > 0);
    put($('faults'), faults.length ? `The system refused: ${faults.map(each => `${each[0]} ${whole(each[1])}`).join(', ')}.` : '');
  };

  // ---- Asking: one question after the other, by one connection. A relay that takes long is asked less often.
  const ask = async (path, isOptional) => {
    const answer = await fetch(path, { cache: 'no-store', signal: AbortSignal.timeout(patience) });
    if (isOptional && answer.status === 404) return null;
    if (!answer.ok) throw new Error(String(answer.status));
    return answer.json();
  };
  let timer = 0, asking = false, failures = 0, answered = null, next = 0, isDue = true, historyAt = 0, mayShowSessions = true;

  const say = (word, is) => { put($('state'), word); document.body.className = is; };
  const wait = () => {
    const isGone = failures > 0 && !document.hidden;
    put($('wait'), isGone ? asking ? 'asking' : `again in ${Math.max(0, Math.ceil((next - Date.now()) / 1000))} s` : '');
  };
  setInterval(wait, 500);

  const round = async () => {
    if (asking || document.hidden) return;
    clearTimeout(timer);
    asking = true;
    wait();
    const begun = performance.now();
    let pause = period;
    try {
      const status = await ask('v1/status'), { servers } = await ask(`v1/servers?limit=${mostRows}`), { peers } = await ask('v1/peers'), drops = await ask('v1/drops');
      if (failures > 0) mayShowSessions = true;
      const sessions = mayShowSessions ? await ask(`v1/sessions?sort=${$('sort').value}&limit=${mostRows}`, true) : null;
      mayShowSessions = sessions !== null;
      if (isDue || failures > 0 || begun - historyAt >= 10000) {
        isDue = false;
        const chosen = $('of').value, history = await ask(`v1/history${chosen ? `?server=${encodeURIComponent(chosen)}` : ''}`, true) ?? await ask('v1/history');
        const all = history.server === null ? history : await ask('v1/history');
        lately = all.ended === null ? null : Object.fromEntries(Object.entries(all.drops).map(([reason, values]) => [reason, sum(values)]));
        showHistory(history);
        historyAt = begun;
      }
      show({ status, servers, peers, sessions, drops });
      [failures, answered] = [0, new Date()];
      $('away').hidden = true;
      say('Live', 'live');
      pause = Math.max(period, 4 * (performance.now() - begun));
    } catch (error) {
      if (!(error instanceof TypeError || error instanceof DOMException || error instanceof SyntaxError || /^\d+$/.test(error.message))) console.error(error);
      failures++;
      pause = Math.min(longestWait, period * 1.5 ** (failures - 1));
      say('Not answering', 'gone');
      document.title = 'wgproxy: not answering';
      put($('away'), `The relay does not answer${error.message === '503' ? ': it says that it is busy' : ''}. ${answered ? `What you see is from ${answered.toLocaleTimeString()}.` : 'Nothing is known yet.'}`);
      $('away').hidden = false;
    }
    asking = false;
    next = Date.now() + pause;
    wait();
    timer = setTimeout(round, pause);
  };
  const soon = () => { isDue = true; round(); };
  $('of').addEventListener('change', soon);
  $('sort').addEventListener('change', soon);
  document.addEventListener('visibilitychange', () => {
    clearTimeout(timer);
    if (document.hidden) say('Paused', '');
    else round();
  });
  window.addEventListener('online', () => round());
  round();
})();
