// SPDX-License-Identifier: MIT
//
// Everything that could come from traffic is an attack (by the fake server, which can say what no traffic can): nothing runs,
// nobody is asked, the policy has nothing to forbid, and what can't be seen is shown as an escape.
import { equal, truth, unharmed } from "../browser.mjs";
import { startFake } from "../fake_server.mjs";
import { ATTACKS } from "../samples.mjs";

export default async function hostile({ open }) {
	const fake = await startFake({ chains: ATTACKS.length * 2, hostileText: true });
	try {
		const guarded = await open(fake.url);
		const { page } = guarded;
		await page.waitForSelector("#list .row:not(:has(.coming))");
		await page.waitForSelector("#facets .only");
		await unharmed(page, "the list");
		await guarded.shot("hostile-list");
		const shown = await page.innerText("#list");
		truth(shown.includes("<script>window.__hacked = 1</script>") || shown.includes("<img src=x"), "the text is there to be read");
		for (let i = 0; i < ATTACKS.length; i++) {
			await page.keyboard.press("j");
			await page.waitForFunction((n) => document.getElementById("chain").dataset.chain === String(n), ATTACKS.length * 2 - i);
			for (const summary of await page.$$("#chain summary"))
				await summary.click();
			for (const more of await page.$$("#chain .more"))
				await more.click().catch(() => {}); // one that was in what another opened
			await unharmed(page, `chain ${i}, ${ATTACKS[i].slice(0, 20)}`);
			const { right, bottom } = await page.evaluate(() => {
				const box = document.getElementById("chain").getBoundingClientRect();
				return { right: document.documentElement.scrollWidth - innerWidth, bottom: box.bottom - innerHeight };
			});
			truth(right <= 0 && bottom <= 0, "the page is not pushed out of its place");
			if (i < 9)
				await guarded.shot(`hostile-${i}`);
		}
		// The very long one: cut at first, whole when asked for.
		await page.goto(`${fake.url}/?chain=${ATTACKS.findIndex((attack) => attack.startsWith("xxx"))}`);
		await page.waitForSelector(".hops");
		truth((await page.innerText(".finding .message")).length < 1200, "a long value is cut");
		await page.locator(".finding .more").first().click();
		truth((await page.locator(".whole").first().innerText()).includes("THE-END"), "and shown whole when asked for");

		// Every facet as a filter, by click: what is quoted stays one value.
		guarded.allow(/status of 400/);
		for (const value of [0, 1, 2]) {
			await page.goto(fake.url);
			await page.waitForSelector("#facets .only");
			await page.locator("#facets .facet", { hasText: "Host" }).locator(".only").nth(value).click();
			await page.waitForFunction(() => document.querySelector("#list .row")?.getAttribute("aria-setsize") === "1");
		}
		await unharmed(page, "a filter that is an attack");
		await page.goto(`${fake.url}/?filter=${encodeURIComponent("\"<img src=x onerror=window.__hacked=9>\u202e")}&order=<script>&chain=${encodeURIComponent("../../<script>")}`);
		guarded.allow(/status of 404/);
		await page.waitForFunction(() => document.getElementById("chain").textContent.includes("not in the store"));
		await unharmed(page, "a link that is an attack");
		equal(await page.inputValue("#order"), "newest", "an order that is none");
	} finally {
		await fake.close();
	}
}
