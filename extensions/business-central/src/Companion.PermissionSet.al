// For the Entra application of syncengine, beside the permission sets that its documentation names.
permissionset 50121 "SEC Companion"
{
    Caption = 'syncengine companion';
    Assignable = true;
    Permissions =
        table "SEC Record Note Buffer" = X,
        tabledata "SEC Record Note Buffer" = RIMD,
        codeunit "SEC Record Notes" = X,
        page "SEC Order Documents" = X,
        page "SEC Invoice Documents" = X,
        page "SEC Customer Details" = X,
        page "SEC Order Archives" = X,
        page "SEC Order Archive Lines" = X,
        page "SEC Item Units" = X,
        page "SEC Resources" = X,
        page "SEC Price List Lines" = X,
        page "SEC Shipping Agents" = X,
        page "SEC Record Notes" = X,
        page "SEC Setup" = X,
        tabledata "CRM Connection Setup" = R,
        tabledata "Sales & Receivables Setup" = RM,
        tabledata "Sales Header" = RIMD,
        tabledata "Sales Line" = RIMD,
        tabledata "Sales Header Archive" = RI,
        tabledata "Sales Line Archive" = RI,
        tabledata "Sales Invoice Header" = R,
        tabledata "Item Unit of Measure" = RIMD,
        tabledata Resource = RIMD,
        tabledata "Price List Line" = R,
        tabledata "Shipping Agent" = RIMD,
        tabledata Customer = RM,
        tabledata Item = R,
        tabledata "Record Link" = RIMD;
}
