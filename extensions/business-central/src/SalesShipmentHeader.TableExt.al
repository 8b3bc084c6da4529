// The correlation, as copied from the order.
tableextension 50103 "SEC Sales Shipment Header" extends "Sales Shipment Header"
{
    fields
    {
        field(50100; "SEC Correlation"; Text[50])
        {
            Caption = 'Correlation';
            DataClassification = SystemMetadata;
            Editable = false;
        }
    }
}
