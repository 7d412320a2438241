package experiment

import (
	"math"
	"strconv"
	"strings"
)

// parseQuantity reads a Kubernetes quantity as a float: a number with an optional exponent, or with
// an optional suffix n, u, m, k, M, G, T, P, E or Ki, Mi, Gi, Ti, Pi, Ei. "10m" is 0.01.
func parseQuantity(text string) (float64, bool) {
	number, exponent, factor := text, "", 1.0
	for _, s := range []struct {
		name, exponent string
		factor         float64
	}{
		{"Ki", "", 1 << 10}, {"Mi", "", 1 << 20}, {"Gi", "", 1 << 30},
		{"Ti", "", 1 << 40}, {"Pi", "", 1 << 50}, {"Ei", "", 1 << 60},
		{"n", "e-9", 1}, {"u", "e-6", 1}, {"m", "e-3", 1}, {"k", "e3", 1}, {"M", "e6", 1},
		{"G", "e9", 1}, {"T", "e12", 1}, {"P", "e15", 1}, {"E", "e18", 1},
	} {
		if before, ok := strings.CutSuffix(text, s.name); ok {
			number, exponent, factor = before, s.exponent, s.factor
			break
		}
	}
	allowed := "0123456789+-.eE" // no hexadecimals, "inf" or underscores
	if number != text {
		allowed = "0123456789+-." // an exponent or a suffix, not both
	}
	if strings.Trim(number, allowed) != "" {
		return 0, false
	}
	// A decimal suffix is read as an exponent: 9 * 0.001 is not 0.009, and limits are inclusive.
	value, err := strconv.ParseFloat(number+exponent, 64)
	value *= factor
	return value, err == nil && !math.IsInf(value, 0)
}
