package prompt

import (
	"strconv"

	"github.com/centralita/centralita/firmware/tel"
)

// Words returns the ids of the prompts that say s in a language, in their order.
// It returns nil for what cannot be said: a number outside 0 to 999999, a time
// outside 0 to 1440, a day that no calendar has, a digit that is no key, a
// pause, another language.
//
// A number is a bare cardinal ("veintiuno"). For SayNumber the id "m" or "f"
// gives the Spanish form before a masculine or feminine noun ("veintiún días",
// "veintiuna horas"); English has one form. A date is said with its year unless
// that is 0.
func Words(lang tel.Lang, s tel.Say) []string {
	g, ok := grammarOf(lang)
	if !ok {
		return nil
	}
	switch s.Kind {
	case tel.SayPrompt:
		return []string{s.ID}
	case tel.SayNumber:
		if s.N < 0 || s.N > 999_999 {
			return nil
		}
		return g.number(int(s.N), s.ID)
	case tel.SayDigits:
		return digits(s.ID)
	case tel.SayTime:
		if s.N < 0 || s.N > 24*60 {
			return nil
		}
		minute := int(s.N % (24 * 60))
		return g.time(minute/60, minute%60)
	case tel.SayDate:
		year, month, day := s.N/10_000, int(s.N/100%100), int(s.N%100)
		if s.N < 0 || year > 9999 || month < 1 || month > 12 || day < 1 || day > daysIn(int(year), month) {
			return nil
		}
		return g.date(int(year), month, day)
	case tel.SayWeekday:
		if s.N < 0 || s.N > 6 {
			return nil
		}
		return []string{id("day", int(s.N))}
	}
	return nil
}

// grammar is how a language makes numbers, times and dates of words.
type grammar struct {
	number func(n int, gender string) []string
	time   func(hour, minute int) []string
	date   func(year, month, day int) []string
}

func grammarOf(lang tel.Lang) (g grammar, ok bool) {
	switch lang {
	case tel.Spanish:
		return grammar{spanishNumber, spanishTime, spanishDate}, true
	case tel.English:
		return grammar{englishNumber, englishTime, englishDate}, true
	}
	return grammar{}, false
}

// digits says keys one by one, alike in every language.
func digits(keys string) []string {
	out := make([]string, 0, len(keys))
	for i := range len(keys) {
		switch c := keys[i]; {
		case c >= '0' && c <= '9':
			out = append(out, id("n", int(c-'0')))
		case c >= 'A' && c <= 'D':
			out = append(out, "key-"+string(rune(c-'A'+'a')))
		case c == '*':
			out = append(out, "key-star")
		case c == '#':
			out = append(out, "key-hash")
		case c == '+':
			out = append(out, "key-plus")
		default:
			return nil
		}
	}
	return out
}

func id(kind string, n int) string { return kind + "-" + strconv.Itoa(n) }

// daysIn returns the days of a month; year 0 is any year, so February has 29.
func daysIn(year, month int) int {
	switch month {
	case 4, 6, 9, 11:
		return 30
	case 2:
		if year%4 == 0 && (year%100 != 0 || year%400 == 0) {
			return 29
		}
		return 28
	}
	return 31
}
