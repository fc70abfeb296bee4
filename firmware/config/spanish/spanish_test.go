package spanish

import (
	"strings"
	"testing"

	"github.com/centralita/centralita/firmware/config/place"
)

// Every sentence is reached: none before it takes what it says.
func TestEverySentenceIsReached(t *testing.T) {
	seven := strings.NewReplacer("%s", "7", "%k", "7")
	for _, table := range [][]sentence{whats, whys, hints, words} {
		for _, s := range table {
			if got, want := say(table, seven.Replace(s.en)), seven.Replace(s.es); got != want {
				t.Errorf("%q is said %q, not %q", s.en, got, want)
			}
		}
	}
}

// What differs comes in the same order in both languages, and none is lost.
func TestTheSentencesAreAlike(t *testing.T) {
	for _, table := range [][]sentence{whats, whys, hints, words} {
		for _, s := range table {
			if s.en == "" || s.es == "" || strings.Count(s.en, "%s") != strings.Count(s.es, "%s")+strings.Count(s.es, "%k") || strings.Count(s.en, "%") != strings.Count(s.en, "%s") {
				t.Errorf("%q and %q differ in what they hold", s.en, s.es)
			}
		}
	}
}

func TestProblem(t *testing.T) {
	for _, c := range []struct{ p, want place.Problem }{
		{place.Problem{File: "a.yaml", Line: 7, Col: 12, What: `the country "ZZ" is not known`, Why: "countries have two capital letters (ISO 3166-1)", Hint: "write one such as ES, MX or US"},
			place.Problem{File: "a.yaml", Line: 7, Col: 12, What: `el país "ZZ" no se conoce`, Why: "los países tienen dos letras mayúsculas (ISO 3166-1)", Hint: "escriba uno como ES, MX o US"}},
		{place.Problem{What: "fxo of board must be a whole number from 0 to 256", Why: `it is "four"`, Hint: "write it in digits"},
			place.Problem{What: "fxo de board tiene que ser un número entero de 0 a 256", Why: `es "four"`, Hint: "escríbalo en cifras"}},
		{place.Problem{What: `line L4 names "principl"`, Why: "there is no such flow", Hint: `did you mean "principal"?`},
			place.Problem{What: `la línea L4 nombra "principl"`, Why: "no existe tal flujo", Hint: `¿quería decir "principal"?`}},
		{place.Problem{What: "start is missing in flow", Why: "it has no default", Hint: "add start: the first node"},
			place.Problem{What: "falta start en flujo", Why: "no tiene valor por omisión", Hint: "añada start: el primer nodo"}},
		{place.Problem{What: "flow is missing in trunk", Why: "it has no default", Hint: "add flow: the name of a flow"}, // a key stays
			place.Problem{What: "falta flow en troncal", Why: "no tiene valor por omisión", Hint: "añada flow: el nombre de un flujo"}},
		{place.Problem{What: `line or trunk "out of order" is used twice`, Why: "line 4 has it already", Hint: "choose another"}, // and what is quoted
			place.Problem{What: `línea o troncal "out of order" se usa dos veces`, Why: "ya está en la línea 4", Hint: "elija otro"}},
		{place.Problem{What: "what nobody said", Why: "open x: no such file", Hint: ""}, place.Problem{What: "what nobody said", Why: "open x: no such file", Hint: ""}},
	} {
		if got := Problem(c.p); got != c.want {
			t.Errorf("%s\n  is said   %s\n  should be %s", c.p, got, c.want)
		}
	}
}
