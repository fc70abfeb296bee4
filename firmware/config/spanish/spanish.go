// Package spanish says the problems of a document in Spanish. They are made in
// English, where they are found; here stands each sentence once more.
package spanish

import (
	"strings"

	"github.com/centralita/centralita/firmware/config/place"
)

// sentence is one in both languages; each %s stands for what differs, in the same
// order in both. %k in the Spanish is a key or a name, which stays as it is typed.
// The first sentence that fits counts.
type sentence struct{ en, es string }

// Problem returns p in Spanish. What no sentence fits, an error of the system or a
// name, stays as it is.
func Problem(p place.Problem) place.Problem {
	p.What, p.Why, p.Hint = say(whats, p.What), say(whys, p.Why), say(hints, p.Hint)
	return p
}

// say returns the Spanish of text, of what stands in it too.
func say(table []sentence, text string) string {
	for _, s := range table {
		if values, ok := Fits(s.en, text); ok {
			return fill(s.es, values)
		}
	}
	return text
}

// fill puts values into a Spanish form.
func fill(form string, values []string) string {
	var out strings.Builder
	for _, v := range values {
		head, rest, _ := strings.Cut(form, "%")
		if rest[0] == 's' && v[0] != '"' { // what is quoted was typed so
			v = say(words, v)
		}
		out.WriteString(head + v)
		form = rest[1:]
	}
	return out.String() + form
}

// Fits reports whether text is an instance of a form, and what stands for each %s: the
// shortest text, never an empty one, and for the last one all that is left.
func Fits(form, text string) (values []string, ok bool) {
	parts := strings.Split(form, "%s")
	rest, ok := strings.CutPrefix(text, parts[0])
	if !ok {
		return nil, false
	}
	for i, p := range parts[1:] {
		at := strings.Index(rest, p)
		if i == len(parts)-2 { // the last reaches to the end
			at = len(rest) - len(p)
			if !strings.HasSuffix(rest, p) {
				return nil, false
			}
		}
		if at <= 0 {
			return nil, false
		}
		values, rest = append(values, rest[:at]), rest[at+len(p):]
	}
	return values, rest == ""
}

// words are what stands in sentences: kinds of things, and how they are called.
var words = []sentence{
	{"the document", "el documento"},
	{"a text", "un texto"}, {"a list", "una lista"}, {"true or false", "true o false"}, {"a table of keys", "una tabla de claves"},
	{"a single value", "un solo valor"}, {"empty", "vacío"}, {"the light", "la luz"},
	{"a whole number from %s to %s", "un número entero de %k a %k"},
	{"a time from %s to %s", "un tiempo de %k a %k"},
	{"one of %s", "uno de %k"},
	{"an entry of %s", "una entrada de %k"},
	{"trunk %s is a %s and", "la troncal %k es un %k y"},
	{"key %s of node %s", "la tecla %k del nodo %k"}, {"%s of node %s", "%k del nodo %k"}, {"node %s", "el nodo %k"},
	{"line or trunk", "línea o troncal"}, {"schedule", "horario"}, {"start", "start"},
	{"phone of an agent", "interno de un agente"}, {"agent number", "número de agente"}, {"pause key", "tecla de pausa"},
	{"agent %s", "el agente %k"}, {"limit %s", "el límite %k"}, {"line %s", "la línea %k"}, {"route %s", "la ruta %k"},
	{"trunk %s", "la troncal %k"}, {"queue %s", "la cola %k"}, {"phone %s", "el interno %k"},
	{"flow %s", "el flujo %k"}, {"GPIO line %s", "la línea GPIO %k"}, {"output %s", "la salida %k"},
	{"GPIO line", "la línea GPIO"}, {"output", "la salida"},
	{"the button %s", "el botón %k"}, {"the lamp of port %s", "la lámpara del puerto %k"}, {"the lamp of %s", "la lámpara de %s"}, {"the lamp %s", "la lámpara %k"},
	{"the health lamp", "la lámpara de salud"}, {"the upstream lamp", "la lámpara de enlaces"}, {"the queue lamp", "la lámpara de colas"},
	{"the board", "la placa"}, {"the display", "la pantalla"}, {"the digits", "los dígitos"},
	{"extension", "extensión"}, {"emergency number", "número de emergencia"}, {"feature code", "código de función"}, {"outside prefix", "prefijo exterior"},
	{"an extension", "una extensión"}, {"an emergency number", "un número de emergencia"}, {"a feature code", "un código de función"}, {"the outside prefix", "el prefijo exterior"},
	{"a flow", "un flujo"}, {"a node", "un nodo"}, {"a prompt", "una locución"}, {"a schedule", "un horario"}, {"the name of %s", "el nombre de %s"},
	{"phone", "interno"}, {"line", "línea"}, {"trunk", "troncal"}, {"route", "ruta"}, {"queue", "cola"}, {"agent", "agente"}, {"limit", "límite"},
	{"flow", "flujo"}, {"holiday", "festivo"}, {"pause", "pausa"}, {"modem", "módem"}, {"uplink", "enlace"},
	{"%s and so on", "%s, etc."}, {"%s, %s", "%s, %s"}, {"%s to %s", "%k a %k"}, {"%s or %s", "%s o %s"}, {"%s of %s", "%k de %s"},
}
