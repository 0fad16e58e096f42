/**
 * Every page in Firefox, from the disk: what went wrong, and whether live explorers answer keys.
 *
 *   node firefox.mjs NODE_MODULES HOME URL...
 *
 * Prints JSON: { url: { errors: [...], explorers: [{ before, after }] } }.
 */
import { join } from "node:path";
import { pathToFileURL } from "node:url";

const [modules, home, ...urls] = process.argv.slice(2);
const library = join(modules, "puppeteer-core/lib/esm/puppeteer/puppeteer-core.js");
const { default: puppeteer } = await import(pathToFileURL(library));
const refused = { http: "127.0.0.1", http_port: 9, ssl: "127.0.0.1", ssl_port: 9 };
const proxy = Object.entries(refused).map(([name, value]) => [`network.proxy.${name}`, value]);
const browser = await puppeteer.launch({
  browser: "firefox", executablePath: process.env.FIREFOX ?? "/usr/bin/firefox-esr",
  headless: true, env: { ...process.env, HOME: home, MOZ_CRASHREPORTER_DISABLE: "1" },
  extraPrefsFirefox: {
    "security.fileuri.strict_origin_policy": true, // puppeteer's false is no learner's setting
    "network.proxy.type": 1, "network.proxy.no_proxies_on": "",
    "network.proxy.allow_hijacking_localhost": true, ...Object.fromEntries(proxy),
  },
});

/** The pixels of an explorer's picture: its canvas that takes no keys, or its image. */
const pixels = box => (box.querySelector("canvas:not([tabindex])")?.toDataURL()
  ?? box.querySelector("img")?.src ?? box.querySelector("svg")?.outerHTML);

async function look(url) {
  const page = await browser.newPage(), errors = [], explorers = [];
  page.on("console", message => message.type() === "error" && errors.push(message.text()));
  page.on("pageerror", error => errors.push(String(error)));
  await page.goto(url);
  const stills = await page.$$eval("img", all => all.filter(i => !i.naturalWidth).length);
  if (stills) errors.push(`${stills} pictures are not shown`);
  for (const box of await page.$$(".tinyvae-explorer:not([data-tinyvae=still])")) {
    await box.evaluate(element => element.scrollIntoView());
    await page.waitForFunction(element => element.dataset.tinyvae === "live", {}, box);
    const knob = await box.$("input[type=range], .tinyvae-controls canvas[tabindex]");
    if (!knob) continue;
    const before = await box.evaluate(pixels);
    await knob.focus();
    for (let i = 0; i < 3; i++) await page.keyboard.press("ArrowRight");
    let after = before; // a picture that comes in steps needs a moment
    for (const end = Date.now() + 5000; after === before && Date.now() < end;) {
      await new Promise(resolve => setTimeout(resolve, 100));
      after = await box.evaluate(pixels);
    }
    explorers.push({ before, after });
  }
  await page.close();
  return { errors, explorers };
}

try {
  const seen = {};
  for (const url of urls) seen[url] = await look(url);
  console.log(JSON.stringify(seen));
} finally {
  await browser.close();
}
