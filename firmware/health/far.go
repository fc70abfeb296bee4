package health

import (
	"fmt"
	"unicode"
	"unicode/utf8"

	"github.com/centralita/centralita/firmware/view"
)

// Conditions of the book, and of those far away to whom it or the log goes.

// BookFailed is the condition of a book that cannot be written.
func BookFailed() Condition {
	return Condition{
		ID: "book", Rank: view.Urgent,
		ES: "No se puede escribir el libro", EN: "The book cannot be written",
		HintES: "Mire el disco. Las llamadas siguen.", HintEN: "Look at the disk. Calls go on.",
	}
}

// BookGap is the condition of a book that lacks n of its last rows: somebody laid hands
// on it, or the card lost them.
func BookGap(n uint64) Condition {
	return Condition{
		ID: "gap", Rank: view.Attention,
		ES: "Al libro le faltan filas", EN: "The book lacks rows",
		HintES: fmt.Sprintf("Faltan %d. Cuáles: book verify.", n), HintEN: fmt.Sprintf("%d are gone. Which: book verify.", n),
	}
}

// UplinkDown is the condition of rows that do not reach a sink; why, in both languages,
// may be empty.
func UplinkDown(id string, pending uint64, whyES, whyEN string) Condition {
	rows := int(min(pending, 2))
	return Condition{
		ID: "uplink." + id, Rank: view.Attention,
		ES: "Sin enlace con " + id, EN: "No link with " + id,
		HintES: first(whyES) + fmt.Sprintf("%d %s a salvo aquí.", pending, plural(rows, "registro", "registros")),
		HintEN: first(whyEN) + fmt.Sprintf("%d %s safe here.", pending, plural(rows, "record", "records")),
	}
}

// SyslogDown is the condition of a log server that cannot be reached; why, in both
// languages, may be empty.
func SyslogDown(server string, dropped uint64, whyES, whyEN string) Condition {
	c := Condition{
		ID: "syslog", Rank: view.Attention,
		ES: "Sin servidor de registro", EN: "No log server",
		HintES: server + ". Reintenta sola.", HintEN: server + ". It tries again by itself.",
	}
	if whyES != "" {
		c.HintES, c.HintEN = server+": "+whyES+".", server+": "+whyEN+"."
	}
	if dropped > 0 {
		c.HintES += fmt.Sprintf(" Perdidos: %d.", dropped)
		c.HintEN += fmt.Sprintf(" Lost: %d.", dropped)
	}
	return c
}

// first makes a reason the first sentence of a hint.
func first(why string) string {
	if why == "" {
		return ""
	}
	r, n := utf8.DecodeRuneInString(why)
	return string(unicode.ToUpper(r)) + why[n:] + ". "
}
