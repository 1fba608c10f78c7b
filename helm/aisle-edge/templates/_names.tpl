{{- define "aisle-edge.fullname" -}}
{{- $name := ternary .Release.Name (printf "%s-%s" .Release.Name .Chart.Name) (contains .Chart.Name .Release.Name) -}}
{{- $name | trunc 52 | trimSuffix "-" -}}
{{- end }}

{{/* The labels that select the pod. They cannot change in an upgrade. */}}
{{- define "aisle-edge.selector" -}}
app.kubernetes.io/name: {{ .Chart.Name }}
app.kubernetes.io/instance: {{ .Release.Name | quote }}
{{- end }}

{{- define "aisle-edge.labels" -}}
{{ include "aisle-edge.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" }}
{{- end }}

{{- define "aisle-edge.serviceAccountName" -}}
{{- .Values.serviceAccount.name | default (ternary (include "aisle-edge.fullname" .) "default" .Values.serviceAccount.create) -}}
{{- end }}

{{/* One setting, from a dict of root, variable, key and (where it may be missing) optional: written in the values, or else left to the box's ConfigMap. */}}
{{- define "aisle-edge.identity" -}}
- name: {{ .variable }}
  {{- with get .root.Values .key }}
  value: {{ . | quote }}
  {{- else }}
  valueFrom:
    configMapKeyRef:
      name: {{ .root.Values.identity.configMap | quote }}
      key: {{ .key }}
      {{- if .optional }}
      optional: true
      {{- end }}
  {{- end }}
{{- end }}
