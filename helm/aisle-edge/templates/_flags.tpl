{{/*
Flags of a role from values, by their names in camel case: false switches off what is on, a list is given as several, a map as name=value each.
What is empty is left to the role. Gives a JSON array.
*/}}
{{- define "aisle-edge.flags" -}}
{{- $args := list -}}
{{- range $name, $value := . -}}
{{- $flag := printf "--%s" (kebabcase $name) -}}
{{- if kindIs "bool" $value -}}
{{- if not $value }}{{ $args = append $args (printf "--no-%s" (kebabcase $name)) }}{{ end -}}
{{- else if kindIs "slice" $value -}}
{{- if $value }}{{ $args = concat (append $args $flag) $value }}{{ end -}}
{{- else if kindIs "map" $value -}}
{{- range $key, $each := $value }}{{ $args = append (append $args $flag) (printf "%s=%s" $key (kindIs "string" $each | ternary $each ($each | int64 | toString))) }}{{ end -}}
{{- else if kindIs "string" $value -}}
{{- if $value }}{{ $args = append (append $args $flag) $value }}{{ end -}}
{{- else if not (kindIs "invalid" $value) -}}
{{- $args = append (append $args $flag) ($value | int64 | toString) -}}
{{- end -}}
{{- end -}}
{{- toJson $args -}}
{{- end }}
