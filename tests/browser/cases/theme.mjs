// SPDX-License-Identifier: MIT
//
// The switch of the theme, paper, and no movement for those who don't want it.
import { api, equal, truth } from "../browser.mjs";

export default async function theme({ url, open }) {
	const { chains } = await api(url, "chains", { filter: "rule=method-not-preserved", limit: 1 });
	const guarded = await open(url, { path: `/?chain=${chains[0].id}`, options: { colorScheme: "light" } });
	const { page } = guarded;
	await page.waitForSelector(".hops");
	const back = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
	const light = await back();
	await page.click("#theme"); // system -> light
	await page.click("#theme"); // light -> dark
	const dark = await back();
	truth(light !== dark, "the switch changes the theme");
	await page.reload();
	equal(await back(), dark, "the theme after a reload");
	await page.waitForSelector(".hops");
	await page.emulateMedia({ media: "print" });
	await guarded.shot("print", { fullPage: true });
	truth(await page.locator("#filter-form").isHidden() && await page.locator("#chain").isVisible(), "paper has the chain alone");
	await page.emulateMedia({ media: "screen", reducedMotion: "reduce" });
	equal(await page.evaluate(() => document.getAnimations().length), 0, "nothing moves where nobody wants it to");
}
