package experiment

import (
	"math"
	"strconv"
	"strings"
)

// parseQuantity reads a Kubernetes quantity as a float: a number in decimal or exponent form, with
// an optional suffix n, u, m, k, M, G, T, P, E or Ki, Mi, Gi, Ti, Pi, Ei. "10m" is 0.01.
func parseQuantity(text string) (float64, bool) {
	suffixes := []struct {
		name   string
		factor float64
	}{
		{"Ki", 1 << 10}, {"Mi", 1 << 20}, {"Gi", 1 << 30}, {"Ti", 1 << 40}, {"Pi", 1 << 50}, {"Ei", 1 << 60},
		{"n", 1e-9}, {"u", 1e-6}, {"m", 1e-3}, {"k", 1e3}, {"M", 1e6}, {"G", 1e9}, {"T", 1e12}, {"P", 1e15}, {"E", 1e18},
	}
	factor := 1.0
	for _, s := range suffixes {
		if number, ok := strings.CutSuffix(text, s.name); ok {
			text, factor = number, s.factor
			break
		}
	}
	if strings.Trim(text, "0123456789+-.eE") != "" { // no hexadecimals, "inf" or underscores
		return 0, false
	}
	value, err := strconv.ParseFloat(text, 64)
	if err != nil || math.IsInf(value, 0) || math.IsNaN(value) {
		return 0, false
	}
	return value * factor, true
}
