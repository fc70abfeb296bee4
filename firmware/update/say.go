package update

import "github.com/centralita/centralita/firmware/tel"

// sentence is an error for people, in both languages.
type sentence struct {
	es, en string
	cause  error // nil: there is none beside it
}

func say(es, en string) error { return &sentence{es: es, en: en} }

// Unwrap returns the cause.
func (s *sentence) Unwrap() error { return s.cause }

// Error implements error, in English.
func (s *sentence) Error() string { return s.en }

// In is the sentence in a language.
func (s *sentence) In(l tel.Lang) string {
	if l == tel.English {
		return s.en
	}
	return s.es
}
