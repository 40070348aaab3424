/** Colours by name, light and dark. Every text has a contrast of at least 4.5 to 1 on its ground. */
const COLOURS = `
:root{color-scheme:light dark;--ground:#fbfbf9;--panel:#fff;--text:#1c2024;--soft:#586069;--line:#d9dcd6;--link:#0b57a4;
--out:#9a3412;--out-ground:#fff4ec;--out-line:#c2571a;--good:#1a6334;--good-ground:#eaf6ee;--bad:#a11818;--bad-ground:#fdeeee;
--part:#e8f0fa;--part-line:#5b86b8;--work:#eef5ea;--work-line:#6f9a5b;--agent:#f3eefb;--agent-line:#8a6fbf;--odd:#fdf3d7;--odd-line:#a8862a;--edge:#7b8794}
@media(prefers-color-scheme:dark){:root{--ground:#14171a;--panel:#1b1f24;--text:#e7eaee;--soft:#a3adb8;--line:#353c44;--link:#7ab7f5;
--out:#f5a774;--out-ground:#38241a;--out-line:#d9783a;--good:#7fd69b;--good-ground:#16301f;--bad:#ff9d9d;--bad-ground:#3a1b1d;
--part:#1d2c3d;--part-line:#5f8fc4;--work:#20301d;--work-line:#7fb069;--agent:#2a2340;--agent-line:#a58be0;--odd:#382f14;--odd-line:#cfae4d;--edge:#8a96a3}}`;

const PAGE = `
*{box-sizing:border-box}
body{margin:0;background:var(--ground);color:var(--text);font:15px/1.5 system-ui,"DejaVu Sans",sans-serif;-webkit-text-size-adjust:100%}
header,main{max-width:1500px;margin:0 auto;padding:0 24px}
header{padding-top:28px}
h1{font-size:26px;line-height:1.2;margin:0 0 6px}
h2{font-size:19px;margin:40px 0 4px;padding-top:10px;border-top:1px solid var(--line)}
h3{font-size:15px;margin:22px 0 4px;overflow-wrap:anywhere}
p{margin:4px 0 12px;max-width:80ch}
a{color:var(--link)}
code{font:13px/1.45 ui-monospace,"DejaVu Sans Mono",monospace;overflow-wrap:anywhere}
code.whole{white-space:nowrap}
.soft,.legend{color:var(--soft)}
nav ul{display:flex;flex-wrap:wrap;gap:4px 18px;list-style:none;margin:12px 0 0;padding:0}
.counts{display:grid;grid-template-columns:repeat(auto-fit,minmax(150px,1fr));gap:10px;list-style:none;margin:18px 0 0;padding:0}
.counts li{background:var(--panel);border:1px solid var(--line);border-radius:8px;padding:10px 14px}
.counts b{display:block;font-size:24px;line-height:1.2}
.points{margin:6px 0 0;padding:0;list-style:none}
.points li{background:var(--bad-ground);border-left:4px solid var(--bad);border-radius:4px;padding:7px 12px;margin:6px 0;overflow-wrap:anywhere}
.fine{background:var(--good-ground);border-left:4px solid var(--good);border-radius:4px;padding:7px 12px;max-width:none}`;

const TABLES = `
table{border-collapse:collapse;width:100%;margin:8px 0 16px;background:var(--panel);border:1px solid var(--line)}
caption{text-align:left;color:var(--soft);padding:0 0 6px;font-size:14px}
th,td{text-align:left;vertical-align:top;padding:7px 10px;border-top:1px solid var(--line);overflow-wrap:break-word}
thead th{font-size:13px;color:var(--soft);font-weight:600;border-top:0;white-space:nowrap}
tbody th{font-weight:600}th .soft{font-weight:400}
td ul{margin:0;padding:0;list-style:none}
.bad{color:var(--bad);font-weight:600}.good{color:var(--good)}.out-text{color:var(--out);font-weight:600}
tr:target>*,tr:target{background:var(--odd)}
details{margin:2px 0}summary{cursor:pointer;color:var(--link)}
@media(max-width:760px){header,main{padding-left:14px;padding-right:14px}
table,tbody,tr,td,tbody th{display:block;width:100%}thead{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%)}
tr{border-top:1px solid var(--line);padding:8px 0}tr:first-child{border-top:0}
tbody th,td{border:0;padding:2px 12px;display:grid;grid-template-columns:7.2em minmax(0,1fr);gap:0 10px}
td[data-label]::before,th[data-label]::before{content:attr(data-label);font-size:12px;font-weight:600;line-height:1.9;color:var(--soft)}
caption{display:block;padding:8px 12px}}`;

const MAP = `
.map{overflow-x:auto;background:var(--panel);border:1px solid var(--line);border-radius:8px;margin:10px 0}
.map:focus-visible,a:focus-visible,summary:focus-visible{outline:3px solid var(--link);outline-offset:1px}
svg{display:block;max-width:none;margin:0 auto;font-family:system-ui,"DejaVu Sans",sans-serif}
svg text{fill:var(--text);text-anchor:middle}
svg .heading{font-size:12px;fill:var(--soft);letter-spacing:.04em;text-transform:uppercase}
svg .name{font-size:13px;font-weight:600}svg .where{font-size:11.5px;fill:var(--soft)}
svg .number{font-size:11px;fill:var(--link);font-variant-numeric:tabular-nums}svg a.out .number{fill:var(--out)}
.box rect{fill:var(--panel);stroke:var(--edge);stroke-width:1.3}
.box.part rect{fill:var(--part);stroke:var(--part-line)}.box.workers rect{fill:var(--work);stroke:var(--work-line)}
.box.agents rect{fill:var(--agent);stroke:var(--agent-line)}.box.foreign rect{fill:var(--odd);stroke:var(--odd-line)}
.box.out rect{fill:var(--out-ground);stroke:var(--out-line);stroke-dasharray:5 3}.box.out .where{fill:var(--out)}
.edge path{fill:none}.edge .line{stroke:var(--edge);stroke-width:1.2}.edge .wide{stroke:transparent;stroke-width:9}
.edge.out .line{stroke:var(--out-line);stroke-dasharray:5 3}
.edge:hover .line,.edge:target .line{stroke:var(--link);stroke-width:3}
#arrow path{fill:var(--edge)}#arrow-out path{fill:var(--out-line)}
.key.out{color:var(--out);border-bottom:2px dashed var(--out-line)}`;

const PRINT = `
@media print{:root{--ground:#fff;--panel:#fff}body{font-size:11px}nav{display:none}.map{overflow:visible;border:0}svg{width:100%;height:auto}
tr,.points li,.counts li{break-inside:avoid}h2,h3{break-after:avoid}thead{display:table-header-group}details>*{display:block}}`;

/** The style sheet of the page: one text, without anything that is fetched. */
export const STYLE = [COLOURS, PAGE, TABLES, MAP, PRINT].join('').replaceAll('\n', '');
