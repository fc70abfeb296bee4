package prompt

import (
	"fmt"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/centralita/centralita/firmware/tel"
)

// spoken returns the texts of what Words gives, as one hears it.
func spoken(t testing.TB, lang tel.Lang, s tel.Say) string {
	t.Helper()
	texts := map[string]string{}
	all, err := Texts(lang)
	if err != nil {
		t.Fatal(err)
	}
	for _, x := range all {
		texts[x.ID] = x.Text
	}
	var out []string
	for _, id := range Words(lang, s) {
		text, ok := texts[id]
		if !ok {
			t.Fatalf("%v in %s needs %q, which has no text", s, lang, id)
		}
		out = append(out, text)
	}
	return strings.Join(out, " ")
}

func number(n int64, gender string) tel.Say { return tel.Say{Kind: tel.SayNumber, N: n, ID: gender} }

func TestSpanishNumbers(t *testing.T) {
	for _, row := range []struct {
		n      int64
		gender string
		want   string
	}{
		{0, "", "cero"}, {1, "", "uno"}, {1, "m", "un"}, {1, "f", "una"}, {11, "m", "once"},
		{15, "", "quince"}, {16, "", "dieciséis"}, {20, "", "veinte"}, {21, "", "veintiuno"},
		{21, "m", "veintiún"}, {21, "f", "veintiuna"}, {22, "", "veintidós"}, {30, "", "treinta"},
		{31, "", "treinta y uno"}, {31, "m", "treinta y un"}, {31, "f", "treinta y una"}, {99, "", "noventa y nueve"},
		{100, "", "cien"}, {100, "f", "cien"}, {101, "", "ciento uno"}, {101, "m", "ciento un"}, {111, "f", "ciento once"},
		{121, "f", "ciento veintiuna"}, {199, "", "ciento noventa y nueve"}, {200, "", "doscientos"}, {200, "f", "doscientas"},
		{500, "", "quinientos"}, {555, "f", "quinientas cincuenta y cinco"}, {700, "", "setecientos"}, {901, "", "novecientos uno"},
		{1000, "", "mil"}, {1001, "", "mil uno"}, {1001, "f", "mil una"}, {1100, "", "mil cien"}, {2000, "", "dos mil"},
		{2026, "", "dos mil veintiséis"}, {21000, "", "veintiún mil"}, {31000, "", "treinta y un mil"},
		{41001, "", "cuarenta y un mil uno"}, {100000, "", "cien mil"}, {101000, "", "ciento un mil"},
		{200000, "f", "doscientas mil"}, {200000, "", "doscientos mil"}, {121121, "", "ciento veintiún mil ciento veintiuno"},
		{201201, "f", "doscientas un mil doscientas una"}, {999999, "", "novecientos noventa y nueve mil novecientos noventa y nueve"},
	} {
		if got := spoken(t, tel.Spanish, number(row.n, row.gender)); got != row.want {
			t.Errorf("%d %q is %q, want %q", row.n, row.gender, got, row.want)
		}
	}
}

func TestEnglishNumbers(t *testing.T) {
	for n, want := range map[int64]string{
		0: "zero", 1: "one", 13: "thirteen", 20: "twenty", 21: "twenty-one", 99: "ninety-nine", 100: "one hundred",
		101: "one hundred one", 110: "one hundred ten", 342: "three hundred forty-two", 900: "nine hundred",
		1000: "one thousand", 1001: "one thousand one", 1100: "one thousand one hundred", 12000: "twelve thousand",
		21021: "twenty-one thousand twenty-one", 100000: "one hundred thousand",
		101001: "one hundred one thousand one", 999999: "nine hundred ninety-nine thousand nine hundred ninety-nine",
	} {
		if got := spoken(t, tel.English, number(n, "")); got != want {
			t.Errorf("%d is %q, want %q", n, got, want)
		}
	}
}

func TestTimes(t *testing.T) {
	for _, row := range []struct {
		h, m   int64
		es, en string
	}{
		{0, 0, "las doce de la noche", "midnight"},
		{24, 0, "las doce de la noche", "midnight"},
		{0, 5, "las doce y cinco de la noche", "twelve oh five a. m."},
		{1, 0, "la una de la madrugada", "one a. m."},
		{5, 59, "las cinco y cincuenta y nueve de la madrugada", "five fifty-nine a. m."},
		{6, 0, "las seis de la mañana", "six a. m."},
		{9, 0, "las nueve de la mañana", "nine a. m."},
		{10, 15, "las diez y cuarto de la mañana", "ten fifteen a. m."},
		{10, 30, "las diez y media de la mañana", "ten thirty a. m."},
		{11, 45, "las once y cuarenta y cinco de la mañana", "eleven forty-five a. m."},
		{12, 0, "las doce del mediodía", "noon"},
		{12, 30, "las doce y media del mediodía", "twelve thirty p. m."},
		{13, 15, "la una y cuarto de la tarde", "one fifteen p. m."},
		{14, 0, "las dos de la tarde", "two p. m."},
		{20, 10, "las ocho y diez de la tarde", "eight ten p. m."},
		{21, 0, "las nueve de la noche", "nine p. m."},
		{23, 59, "las once y cincuenta y nueve de la noche", "eleven fifty-nine p. m."},
	} {
		s := tel.Say{Kind: tel.SayTime, N: row.h*60 + row.m}
		if got := spoken(t, tel.Spanish, s); got != row.es {
			t.Errorf("%d:%02d is %q, want %q", row.h, row.m, got, row.es)
		}
		if got := spoken(t, tel.English, s); got != row.en {
			t.Errorf("%d:%02d is %q, want %q", row.h, row.m, got, row.en)
		}
	}
}

func TestDates(t *testing.T) {
	for _, row := range []struct {
		date   int64
		es, en string
	}{
		{1121, "veintiuno de noviembre", "November twenty-first"},
		{501, "primero de mayo", "May first"},
		{229, "veintinueve de febrero", "February twenty-ninth"},
		{20261121, "veintiuno de noviembre de dos mil veintiséis", "November twenty-first twenty twenty-six"},
		{20240229, "veintinueve de febrero de dos mil veinticuatro", "February twenty-ninth twenty twenty-four"},
		{20060103, "tres de enero de dos mil seis", "January third two thousand six"},
		{20001231, "treinta y uno de diciembre de dos mil", "December thirty-first two thousand"},
		{19050812, "doce de agosto de mil novecientos cinco", "August twelfth nineteen oh five"},
		{19000101, "primero de enero de mil novecientos", "January first nineteen hundred"},
		{19991130, "treinta de noviembre de mil novecientos noventa y nueve", "November thirtieth nineteen ninety-nine"},
	} {
		s := tel.Say{Kind: tel.SayDate, N: row.date}
		if got := spoken(t, tel.Spanish, s); got != row.es {
			t.Errorf("%d is %q, want %q", row.date, got, row.es)
		}
		if got := spoken(t, tel.English, s); got != row.en {
			t.Errorf("%d is %q, want %q", row.date, got, row.en)
		}
	}
}

func TestDigitsAndWeekdays(t *testing.T) {
	for _, row := range []struct {
		say    tel.Say
		es, en string
	}{
		{tel.Say{Kind: tel.SayDigits, ID: "+34 910"}, "", ""},
		{tel.Say{Kind: tel.SayDigits, ID: "+3491"}, "más tres cuatro nueve uno", "plus three four nine one"},
		{tel.Say{Kind: tel.SayDigits, ID: "*0#AD"}, "asterisco cero almohadilla a de", "star zero pound A D"},
		{tel.Say{Kind: tel.SayWeekday, N: 0}, "domingo", "Sunday"},
		{tel.Say{Kind: tel.SayWeekday, N: 3}, "miércoles", "Wednesday"},
		{tel.Say{Kind: tel.SayPrompt, ID: "goodbye"}, "Gracias por su llamada. Hasta pronto.", "Thank you for calling. Goodbye."},
	} {
		if got := spoken(t, tel.Spanish, row.say); got != row.es {
			t.Errorf("%v is %q, want %q", row.say, got, row.es)
		}
		if got := spoken(t, tel.English, row.say); got != row.en {
			t.Errorf("%v is %q, want %q", row.say, got, row.en)
		}
	}
}

func TestWhatNobodyCanSay(t *testing.T) {
	for _, s := range []tel.Say{
		number(-1, ""), number(1_000_000, ""),
		{Kind: tel.SayTime, N: 1441}, {Kind: tel.SayTime, N: -1},
		{Kind: tel.SayDate, N: 20261301}, {Kind: tel.SayDate, N: 20261032}, {Kind: tel.SayDate, N: 20230229},
		{Kind: tel.SayDate, N: 20260431}, {Kind: tel.SayDate, N: 100000101}, {Kind: tel.SayDate, N: -1}, {Kind: tel.SayDate},
		{Kind: tel.SayWeekday, N: 7}, {Kind: tel.SayWeekday, N: -1},
		{Kind: tel.SayDigits, ID: "12x"}, {Kind: tel.SayKind(99)},
	} {
		for _, lang := range languages {
			if got := Words(lang, s); got != nil {
				t.Errorf("%v in %s gave %q", s, lang, got)
			}
		}
	}
	if got := Words("fr", number(1, "")); got != nil {
		t.Errorf("French gave %q", got)
	}
}

// Whatever can be said has a text for every word; numbers of different value
// sound different.
func TestEveryWordHasItsText(t *testing.T) {
	heard := map[string]int64{}
	for n := range int64(2200) {
		for _, m := range []int64{n, n * 1000 % 1_000_000, n*453 + 1} {
			for _, g := range []string{"", "m", "f"} {
				key := fmt.Sprint(g, spoken2(t, tel.Spanish, number(m, g)))
				if old, ok := heard[key]; ok && old != m {
					t.Fatalf("%d and %d are both %q", old, m, key)
				}
				heard[key] = m
			}
			spoken2(t, tel.English, number(m, ""))
		}
	}
	for minute := range int64(1441) {
		for _, lang := range languages {
			spoken2(t, lang, tel.Say{Kind: tel.SayTime, N: minute})
		}
	}
}

// spoken2 joins ids after checking that each has a text.
func spoken2(t testing.TB, lang tel.Lang, s tel.Say) string {
	words := Words(lang, s)
	if words == nil {
		t.Fatalf("%v cannot be said in %s", s, lang)
	}
	known := catalogue(t, lang)
	for _, id := range words {
		if !known[id] {
			t.Fatalf("%v in %s needs %q, which has no text", s, lang, id)
		}
	}
	return strings.Join(words, " ")
}

func TestWordsProperty(t *testing.T) {
	p := load(t, nil)
	rapid.Check(t, func(t *rapid.T) {
		s := tel.Say{
			Kind: tel.SayKind(rapid.IntRange(0, 7).Draw(t, "kind")),
			N:    rapid.Int64Range(-5, 30_000_000).Draw(t, "n"),
			ID:   rapid.SampledFrom([]string{"", "m", "f", "goodbye", "0123456789*#+ABCD", "x y", "../en"}).Draw(t, "id"),
		}
		lang := rapid.SampledFrom([]tel.Lang{"es", "en", "fr", ""}).Draw(t, "lang")
		clips, err := p.Resolve(lang, []tel.Say{s})
		if (err == nil) == (len(clips) == 0) && s.Kind != tel.SayDigits {
			t.Fatalf("%v: %d clips, %v", s, len(clips), err)
		}
	})
}
