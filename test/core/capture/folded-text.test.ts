import { describe, expect, it } from "vitest";
import { foldedText, holdsWords, queryWords } from "../../../src/core/capture/folded-text.js";

describe("texts that people take for the same are folded to the same", () => {
  it.each([
    ["Қайрат Нұртас", "кайрат нуртас", "Kazakh letters and the Russian ones next to them"],
    ["ӘҒҚҢӨҰҮҺІ", "агкноуухи", "every Kazakh letter"],
    ["Ёлка", "елка", "ё and е"],
    ["é Ñandú Ünal", "e nandu unal", "Latin letters with and without marks"],
    ["İstanbul", "istanbul", "a capital i with a dot"],
    ["ＡＬＭＡＴＹ ①", "almaty 1", "compatibility characters"],
    ["е\u0308лка", "елка", "a letter and its mark as two characters"],
  ])("%s and %s: %s", (text, folded) => {
    expect(foldedText(text)).toBe(folded);
    expect(foldedText(folded)).toBe(folded);
  });

  it("but й is not и, and letters of other scripts keep their marks", () => {
    expect(foldedText("Мой")).toBe("мой");
    expect(foldedText("й".normalize("NFD"))).toBe("й");
    expect(foldedText("हिन्दी")).toBe("हिन्दी");
  });
});

describe("marks without end", () => {
  it("count up to the thirtieth on a letter, so that half a million are searched as fast as any text", () => {
    const heap = (count: number) => `a${"\u0301\u0316".repeat(count)}b`;
    expect(foldedText(heap(250_000))).toBe(foldedText(heap(15)));
    expect(foldedText("ж\u0301\u0316").length).toBe(3);
  });
});

describe("the words of a question", () => {
  it("are folded, and what has no letter or digit is none", () => {
    expect(queryWords("  Қала —  !?  12/3-А\0є ")).toEqual(["кала", "12/3-а", "є"]);
    expect(queryWords(' "*" ( : ) ')).toEqual([]);
  });

  it("must all occur, each as the beginning of a word", () => {
    const text = "Алматы қаласы, Республика алаңы 5-үй";
    expect(holdsWords(text, queryWords("каласы алм"))).toBe(true);
    expect(holdsWords(text, queryWords("АЛАҢ 5-у"))).toBe(true);
    expect(holdsWords(text, queryWords("лматы"))).toBe(false);
    expect(holdsWords(text, queryWords("алматы тараз"))).toBe(false);
    expect(holdsWords(text, queryWords("6-у"))).toBe(false);
  });
});
