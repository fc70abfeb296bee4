package console

import (
	"context"
	"fmt"
	"time"
)

// showLimits prints what the limits on outside calls have counted today.
func showLimits(_ context.Context, s *session) int {
	v, ok := s.picture()
	if !ok {
		return s.stopped()
	}
	if s.r.json {
		for _, l := range v.Spent {
			s.json(l)
		}
		return Fine
	}
	w := []int{16, 10, -12, -20, -18}
	s.row(w, s.t("Límite", "Limit"), s.t("De", "Of"), s.t("Llamadas", "Calls"), s.t("Hablado", "Talk"), s.t("Gasto", "Cost"))
	for _, l := range v.Spent {
		calls, talk, cost := fmt.Sprint(l.Calls), span(time.Duration(l.Talk)*time.Second), l.Cost
		if l.MaxCalls > 0 {
			calls += fmt.Sprintf("/%d", l.MaxCalls)
		}
		if l.MaxTalk > 0 {
			talk += "/" + span(time.Duration(l.MaxTalk)*time.Second)
		}
		if cost != "" {
			cost += "/" + l.Budget
		}
		s.row(w, safe(l.Limit), safe(l.Of), calls, talk, cost)
	}
	return Fine
}
