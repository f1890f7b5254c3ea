// SPDX-License-Identifier: MIT
//
// Screenshots in every dress, each without serious violations; nothing sticks out of a narrow screen.
import { api, equal, truth } from "../browser.mjs";

const DRESSES = {
	light: { options: { colorScheme: "light" } },
	dark: { options: { colorScheme: "dark" } },
	middle: { options: { viewport: { width: 1024, height: 768 } } },
	narrow: { options: { viewport: { width: 360, height: 740 }, hasTouch: true } },
	"narrow-dark": { options: { viewport: { width: 360, height: 740 }, hasTouch: true, colorScheme: "dark" } },
};

const sticksOut = (page) => page.evaluate(() => document.documentElement.scrollWidth - innerWidth);

export default async function looks({ url, open }) {
	const { chains } = await api(url, "chains", { filter: "rule=method-not-preserved", limit: 1 });
	for (const [name, dress] of Object.entries(DRESSES)) {
		const guarded = await open(url, dress);
		const { page } = guarded;
		await page.waitForSelector("#list .row");
		await page.waitForFunction(() => document.querySelector("#facets .only"));
		equal(await sticksOut(page), 0, `${name}: pixels that stick out of the list`);
		await guarded.accessible(`${name}, the list`);
		await guarded.shot(`${name}-list`);
		if (name.startsWith("narrow")) {
			await page.click("#facets-toggle");
			await guarded.shot(`${name}-facets`);
			await guarded.accessible(`${name}, the facets`);
			await page.click("#facets-toggle");
		}
		await page.goto(`${url}/?chain=${chains[0].id}`);
		await page.waitForSelector(".hops");
		await page.waitForSelector("#list .row", { state: "attached" });
		equal(await sticksOut(page), 0, `${name}: pixels that stick out of the chain`);
		await guarded.accessible(`${name}, a chain`);
		await guarded.shot(`${name}-chain`);
		if (name.startsWith("narrow")) {
			truth(await page.locator("#chains").isHidden(), "a narrow screen shows the chain alone");
			await page.click(".back");
			await page.waitForFunction(() => !location.search.includes("chain="));
			truth(await page.locator("#chain").isHidden() && await page.locator("#chains").isVisible(), "and then the list alone");
		}
		await guarded.close();
	}

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
