import { useEffect, useRef } from 'react';
import uPlot from 'uplot';
import { answerTargets, timedChannels, type ServiceLevelRow } from '#domain/service-levels.ts';

const CAPTION = 0.834; // of the root's size
const LABEL_PX = 70; // a time of day and room beside it
const HOUR_MS = 3_600_000;
const QUARTERS_MIN = 8; // two hours: a day that has just begun is no single dot

/** Of every quarter its name, how many calls were offered, and for each channel how many of a hundred in time. */
function seriesOf(rows: readonly ServiceLevelRow[]) {
  const all = rows.filter(({ isTotal }) => !isTotal);
  // From the hour of the first call: what was quiet before it takes no room from what was not.
  const begins = Math.min(...all.flatMap(({ offered, from }) => (offered > 0 ? [from] : [])));
  const quarters = all.filter(({ from }) => from > begins - HOUR_MS);
  const [of999 = [], of101 = []] = timedChannels.map((channel) =>
    quarters.filter((row) => row.channel === channel),
  );
  const times = of999.map(({ time }) => time);
  const data: uPlot.AlignedData = [
    times.map((_time, at) => at),
    of999.map(({ offered }, at) => offered + (of101[at]?.offered ?? 0) || null),
    of999.map(({ percent }) => percent),
    of101.map(({ percent }) => percent),
  ];
  return { times, data };
}

const colour = (name: string) =>
  getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();

/** Drawn anew with what is known now: the colours are those of the style sheet at that moment. */
function optionsOf(
  { width, height }: { readonly width: number; readonly height: number },
  timesNow: () => readonly string[],
): uPlot.Options {
  const grid = { stroke: () => colour('line'), width: 1 };
  // The smallest that is read across a desk: a caption, as in the style sheet.
  const captionPx = Math.round(
    CAPTION * Number.parseFloat(getComputedStyle(document.documentElement).fontSize),
  );
  const font = `${captionPx}px ${getComputedStyle(document.body).fontFamily}`;
  const axis = { stroke: () => colour('muted'), grid, ticks: grid, font };
  const target = answerTargets['999'].percent;
  return {
    width,
    height,
    legend: { show: false }, // it is written in words beside
    cursor: { show: false }, // every figure stands in the table: nothing is only under the pointer
    scales: {
      x: {
        time: false,
        range: (_plot, _min, max) => [-0.5, Math.max(QUARTERS_MIN, (max ?? 0) + 1) - 0.5],
      },
      '%': { range: [0, 100] },
      calls: { range: (_plot, _min, max) => [0, Math.max(4, (max ?? 0) * 2)] },
    },
    axes: [
      {
        ...axis,
        space: LABEL_PX,
        incrs: [1, 2, 4, 8, 16, 24], // quarters, hours, and several of them
        values: (_plot, splits) => splits.map((at) => timesNow()[at] ?? ''),
      },
      { ...axis, scale: '%', size: 68, values: (_plot, splits) => splits.map((at) => `${at} %`) },
      {
        ...axis,
        scale: 'calls',
        side: 1,
        size: 40,
        grid: { show: false },
        incrs: [1, 2, 5, 10, 20, 50, 100, 200],
      },
    ],
    series: [
      {},
      {
        scale: 'calls',
        fill: () => colour('line'),
        stroke: () => colour('border'),
        width: 1,
        ...(uPlot.paths.bars && { paths: uPlot.paths.bars({ size: [0.8, 40] }) }),
        points: { show: false },
      },
      {
        scale: '%',
        stroke: () => colour('grade-3'),
        width: 2,
        spanGaps: true,
        points: { show: true, size: 8, fill: () => colour('grade-3') },
      },
      {
        scale: '%',
        stroke: () => colour('warning'),
        width: 2,
        dash: [6, 5],
        spanGaps: true,
        points: { show: true, size: 8, fill: () => colour('surface') },
      },
    ],
    hooks: {
      draw: [
        (plot) => {
          if (target === undefined) return;
          const { ctx, bbox } = plot;
          const y = Math.round(plot.valToPos(target, '%', true));
          ctx.save();
          ctx.strokeStyle = colour('ok');
          ctx.lineWidth = 2;
          ctx.setLineDash([2, 4]);
          ctx.beginPath();
          ctx.moveTo(bbox.left, y);
          ctx.lineTo(bbox.left + bbox.width, y);
          ctx.stroke();
          ctx.restore();
        },
      ],
    },
  };
}

const inTime = (channel: keyof typeof answerTargets) =>
  `${answerTargets[channel].withinMs / 1_000} s`;

const totalWords = (rows: readonly ServiceLevelRow[]) =>
  rows
    .filter(({ isTotal }) => isTotal)
    .map(({ channel, percent, offered, abandoned }) =>
      percent === null
        ? `${channel}: no call`
        : `${channel}: ${percent.toFixed(1)} % of ${offered} in time, ${abandoned} abandoned`,
    )
    .join('. ');

/** How many of a hundred were answered in time, by quarter of an hour. Whoever cannot see it hears the whole. */
export function LevelsChart({ rows }: { readonly rows: readonly ServiceLevelRow[] }) {
  const place = useRef<HTMLDivElement>(null);
  const shown = useRef(seriesOf(rows));
  const chart = useRef<uPlot | undefined>(undefined);

  useEffect(() => {
    const box = place.current;
    if (!box) return undefined;
    const size = () => ({ width: box.clientWidth, height: box.clientHeight });
    const root = document.documentElement;
    const lookNow = () => `${root.dataset['theme']} ${getComputedStyle(root).fontSize}`;
    let look = lookNow();
    const draw = () => {
      chart.current?.destroy();
      chart.current = new uPlot(
        optionsOf(size(), () => shown.current.times),
        shown.current.data,
        box,
      );
    };
    draw();
    /** Another theme or size of type is put on the page: a canvas does not follow by itself. */
    const isRedrawn = () => {
      if (look === lookNow()) return false;
      look = lookNow();
      draw();
      return true;
    };
    const resized = new ResizeObserver(() => isRedrawn() || chart.current?.setSize(size()));
    resized.observe(box);
    const looked = new MutationObserver(isRedrawn);
    looked.observe(root, { attributes: true });
    return () => {
      resized.disconnect();
      looked.disconnect();
      chart.current?.destroy();
      chart.current = undefined;
    };
  }, []);

  useEffect(() => {
    shown.current = seriesOf(rows);
    chart.current?.setData(shown.current.data);
  }, [rows]);

  return (
    <div className="levels-chart">
      <p className="levels-legend" aria-hidden="true">
        <span className="legend-999">
          <b>━●━</b> 999 in {inTime('999')}
        </span>
        <span className="legend-101">
          <b>╌○╌</b> 101 in {inTime('101')}
        </span>
        <span className="legend-target">
          <b>┄┄</b> asked
        </span>
        <span className="muted">▮ offered (right)</span>
      </p>
      <div
        ref={place}
        className="levels-plot"
        role="img"
        aria-label={totalWords(rows) || 'No figures yet'}
      />
    </div>
  );
}
