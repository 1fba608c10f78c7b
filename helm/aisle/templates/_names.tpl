{{/* The release's name, short enough to be followed by a role. */}}
{{- define "aisle.fullname" -}}
{{- $name := ternary .Release.Name (printf "%s-%s" .Release.Name .Chart.Name) (contains .Chart.Name .Release.Name) -}}
{{- $name | trunc 45 | trimSuffix "-" -}}
{{- end }}

{{/* The labels that select one role's pods, from a dict of root and role. They cannot change in an upgrade. */}}
{{- define "aisle.selector" -}}
app.kubernetes.io/name: {{ .root.Chart.Name }}
app.kubernetes.io/instance: {{ .root.Release.Name | quote }}
app.kubernetes.io/component: {{ .role }}
{{- end }}

{{/* Every label of one role's objects, from a dict of root and role. */}}
{{- define "aisle.labels" -}}
{{ include "aisle.selector" . }}
app.kubernetes.io/version: {{ .root.Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .root.Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .root.Chart.Name .root.Chart.Version | replace "+" "_" }}
{{- end }}

{{- define "aisle.serviceAccountName" -}}
{{- .Values.serviceAccount.name | default (ternary (include "aisle.fullname" .) "default" .Values.serviceAccount.create) -}}
{{- end }}
