// SPDX-License-Identifier: MIT
//
// A million chains are more pixels than a browser can lay out: the scroll bar stands for them in proportion, and the wheel
// still moves by rows.
import { equal, rowsSeen, truth } from "../browser.mjs";
import { startFake } from "../fake_server.mjs";

const TOTAL = 1_000_000;

const place = async (page) => (await rowsSeen(page))[0].place;

export default async function million({ open }) {
	const fake = await startFake({ chains: TOTAL });
	try {
		const { page } = await open(fake.url);
		await page.waitForSelector("#list .row");
		truth(await page.evaluate(() => document.getElementById("list").scrollHeight) <= 8_000_100, "the list is no longer than a browser can bear");
		await page.hover("#list");
		for (const fraction of [0.5, 1, 0]) {
			await page.evaluate((f) => {
				const list = document.getElementById("list");
				list.scrollTop = f * (list.scrollHeight - list.clientHeight);
			}, fraction);
			await page.waitForFunction(({ f, n }) => {
				const row = document.querySelector("#list .row");
				return row && Math.abs(Number(row.getAttribute("aria-posinset")) - f * n) < 200;
			}, { f: fraction, n: TOTAL });
			if (fraction === 1)
				equal((await rowsSeen(page)).at(-1).place, TOTAL, "the last row");
		}
		equal(await place(page), 1, "the first row");

		await page.evaluate(() => { document.getElementById("list").scrollTop = 3_000_000; });
		await page.waitForFunction(() => Number(document.querySelector("#list .row")?.getAttribute("aria-posinset")) > 300_000);
		const from = await place(page);
		for (let i = 0; i < 5; i++)
			await page.mouse.wheel(0, 100);
		await page.waitForFunction((n) => {
			const box = document.getElementById("list").getBoundingClientRect();
			return [...document.querySelectorAll("#list .row")].some((row) =>
				Number(row.getAttribute("aria-posinset")) === n + 5 && row.getBoundingClientRect().top < box.top + 400);
		}, from);
		const to = await place(page);
		truth(to > from && to < from + 40, `the wheel moved from row ${from} to ${to}`);
	} finally {
		await fake.close();
	}
}
